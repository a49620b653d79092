"""What MkDocs calls while it builds the site; what stands on the pages comes from `grader.site`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from grader.kata import PROJECT
from grader.site.gallery import NotCaughtError
from grader.site.markup import lightened
from grader.site.pages import Pages
from grader.site.workshop import SiteError

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_pages: Pages


def on_config(config: MkDocsConfig) -> None:
    """Write out `folder/*` in the navigation."""
    global _pages  # noqa: PLW0603 -- MkDocs hands nothing on from one hook to the next
    _pages = Pages(Path(config.docs_dir))
    config.nav = _written_out(config.nav)


def _written_out(nav: Any) -> Any:  # noqa: ANN401 -- lists and dicts of MkDocs
    if isinstance(nav, dict):
        return {title: _written_out(inside) for title, inside in nav.items()}
    if not isinstance(nav, list):
        return nav
    listed = []
    for entry in nav:
        if isinstance(entry, str) and entry.endswith("/*"):
            listed += _pages.in_folder(entry.removesuffix("/*"))
        else:
            listed.append(_written_out(entry))
    return listed


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what is made: pages and pictures."""
    try:
        for path, content in _pages.made().items():
            files.append(File.generated(config, path, content=content))
    except (SiteError, NotCaughtError) as error:
        raise PluginError(str(error)) from error


def on_serve(server: LiveReloadServer, **_: object) -> None:
    """Build again when anything that pages are made from changes."""
    for name in ("katas", "solutions", "notebooks", "README.md"):
        if (PROJECT / name).exists():
            server.watch(str(PROJECT / name))


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Look up what the page's markers stand for, and explain its terms."""
    return _pages.text(markdown, page.file.src_uri)


def on_page_content(html: str, **_: object) -> str:
    """Take tags away that nobody sees."""
    return lightened(html)
