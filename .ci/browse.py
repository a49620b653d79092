#!/usr/bin/env python3
"""Opens every page of the built site in a browser, from its files, and tells what is wrong with it.

    .ci/browse.py SITE AXE [--shots FOLDER]

SITE is the folder of the site, AXE the file axe.min.js of the package axe-core.
Each page is opened at 1280 and 400 pixels, light and dark.
Wrong are: an error on the console, a request to anywhere but the site, an image that is not there, a link that leads
nowhere, a page wider than the screen, and what axe-core finds against WCAG 2.1 A and AA.
Then search, tabs, folds, the palette and the keyboard are tried as a reader uses them.
Exit status 1 where anything is wrong, 75 where there is no browser. With --shots a picture of each is kept.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urldefrag, urlparse

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

WIDTHS = (1280, 400)
PALETTES: dict[Literal["light", "dark"], str] = {"light": "default", "dark": "slate"}
"""What a system prefers, and the theme's name for it."""
ARRIVED = "scheme => document.body.dataset.mdColorScheme === scheme"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
CANNOT = 75
LOOK = """() => ({
    ids: [...document.querySelectorAll('[id], a[name]')].map(e => e.id || e.name),
    links: [...document.querySelectorAll('a[href]')].map(a => new URL(a.getAttribute('href'), location).href),
})"""
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
IMAGES = """async () => {
    const images = [...document.images];
    for (const image of images) image.loading = 'eager';
    await Promise.all(images.map(image => image.complete || new Promise(done => {
        image.onload = image.onerror = done;
    })));
    return images.filter(image => !image.naturalWidth).map(image => image.currentSrc);
}"""
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
"""Contrast is that of colours which have arrived."""
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
AXE = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false}).then(found =>
    found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`)))"""


class Reader:
    """A reader of one site, who keeps what was wrong; `hashes` and `links` are those of the pages read so far."""

    def __init__(self, browser: Browser, site: Path, axe: Path, shots: Path | None) -> None:
        self.wrong: list[str] = []
        self._browser = browser
        self._site = site
        self._axe = axe.read_text(encoding="utf-8")
        self._shots = shots
        self._ids: dict[Path, set[str]] = {}
        self._links: list[tuple[Path, str]] = []

    def open(self, path: Path) -> Page:
        """Open a page whose errors and requests are watched."""
        page = self._browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        where = path.relative_to(self._site).as_posix()
        page.on("console", lambda said: self.complain(where, said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complain(where, str(error)))
        page.on("requestfailed", lambda sent: self.complain(where, f"{sent.url} cannot be loaded"))
        page.on("request", lambda sent: self._own(where, sent.url))
        page.goto(path.as_uri())
        page.add_style_tag(content=STILL)
        return page

    def read(self, path: Path) -> None:
        """Look at one page in every width and palette."""
        page = self.open(path)
        where = path.relative_to(self._site).as_posix()
        page.wait_for_function("document.querySelector('.md-nav') !== null")
        seen = page.evaluate(LOOK)
        self._ids[path] = set(seen["ids"])
        self._links += [(path, link) for link in seen["links"]]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for palette in PALETTES:
                self._change(page, palette)
                self._keep(page, f"{where.removesuffix('.html').replace('/', '-')}-{width}-{palette}")
        page.evaluate(UNFOLD)
        page.add_script_tag(content=self._axe)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for missing in page.evaluate(IMAGES):
                self.complain(where, f"at {width} pixels an image is missing: {missing}")
            if (over := page.evaluate(TOO_WIDE)) > 0:
                self.complain(where, f"at {width} pixels the page is {over} too wide")
            for palette in PALETTES:
                self._change(page, palette)
                for found in page.evaluate(AXE, RULES):
                    self.complain(where, f"{width} pixels, {palette}: {found}")
        page.close()

    @staticmethod
    def _change(page: Page, palette: Literal["light", "dark"]) -> None:
        """Prefer a palette, and wait until the page's script has followed."""
        page.emulate_media(color_scheme=palette)
        page.wait_for_function(ARRIVED, arg=PALETTES[palette])

    def follow(self) -> None:
        """See where the links of all pages that were read lead."""
        for path, link in self._links:
            target, anchor = urldefrag(link)
            if urlparse(target).scheme != "file":
                continue
            file = Path(unquote(urlparse(target).path))
            if not file.is_file():
                self.complain(path.name, f"a link leads nowhere: {link}")
            elif anchor and file in self._ids and unquote(anchor) not in self._ids[file]:
                self.complain(path.name, f"an anchor is missing: {link}")

    def _own(self, where: str, url: str) -> None:
        if not url.startswith((self._site.as_uri(), "data:", "blob:")):
            self.complain(where, f"asks for {url}")

    def complain(self, where: str, text: str) -> None:
        """Keep and print what is wrong with a page, once."""
        complaint = f"{where}: {' '.join(text.split())[:400]}"
        if complaint not in self.wrong:
            self.wrong.append(complaint)
            say(complaint)

    def _keep(self, page: Page, name: str) -> None:
        if self._shots is not None:
            page.screenshot(path=self._shots / f"{name}.png", animations="disabled", full_page=True)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def use(reader: Reader, site: Path) -> None:
    """Search, change tabs, open folds, change the palette, and go by keyboard; AssertionError where that fails."""
    page = reader.open(site / "index.html")
    page.keyboard.press("Tab")
    expect(page.locator(".md-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#"))

    page.locator(".tabbed-labels label", has_text="With pip").first.click()
    expect(page.locator("code", has_text="pip install").first).to_be_visible()
    page.goto((site / "start.html").as_uri())  # whose tabs are linked to those of the page before
    expect(page.locator("code", has_text="pip install").first).to_be_visible()
    page.close()

    page = reader.open(site / "index.html")  # a tab that was just chosen goes into the address, which closes a search
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially("lost update")
    # a page is listed before what was found in it, so its own link may be for none of the words
    page.locator(".md-search-result__link[href*='h=lost+update']").locator("visible=true").first.click()
    page.wait_for_load_state()
    expect(page).not_to_have_url(re.compile(r"/site/index\.html"))
    page.close()

    page = reader.open(next(iter(sorted((site / "katas").glob("04_*[!s].html")))))
    hint = page.locator("details.hint").first
    expect(hint.locator("p").first).to_be_hidden()
    hint.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(hint.locator("p").first).to_be_visible()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in PALETTES:  # as the system has it, light, dark
        page.locator("form[data-md-component=palette] label:not([hidden])").click()
    expect(page.locator("body")).not_to_have_css("background-color", paper)
    page.close()


def pages_of(site: Path) -> Iterator[Path]:
    """Yield the pages of the site; the one for what is not found has links from the root of a server."""
    yield from (path for path in sorted(site.rglob("*.html")) if path.name != "404.html")


def main() -> int:
    """Read the whole site."""
    parser = argparse.ArgumentParser(description="Open every page of the built site in a browser.")
    parser.add_argument("site", type=Path)
    parser.add_argument("axe", type=Path)
    parser.add_argument("--shots", type=Path)
    parser.add_argument("--only", default="", help="pages whose path has this in it")
    chosen = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        say("there is no chromium on the PATH")
        return CANNOT
    site = chosen.site.resolve()
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        options: dict[str, Any] = {"executable_path": chromium, "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**options)
        reader = Reader(browser, site, chosen.axe, chosen.shots)
        read = [path for path in pages_of(site) if chosen.only in path.as_posix()]
        for path in read:
            reader.read(path)
        reader.follow()
        if not chosen.only:
            try:
                use(reader, site)
            except (AssertionError, PlaywrightError) as error:
                reader.complain("used as a reader does", str(error))
        browser.close()
    say(f"{len(read)} pages at {len(WIDTHS)} widths in {len(PALETTES)} palettes: {len(reader.wrong)} complaints")
    return 1 if reader.wrong or not read else 0


if __name__ == "__main__":
    sys.exit(main())
