"""A notebook as light Markdown: its texts, its code, and what it printed and drew when it was last run."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from grader.kata import PROJECT
from grader.site.markup import fence, relinked
from grader.site.workshop import SiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NOTEBOOKS = PROJECT / "notebooks"
LAB_BENCH = "lab_bench.ipynb"
"""The notebook that belongs to no kata, and has a page of its own."""
PICTURES = "katas/pictures"
_DRAWN = "image/svg+xml"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_MARK = re.compile(r"^# NBVAL_\w+\n", re.MULTILINE)
"""What tells the tests to compare a cell's output; nothing to a reader."""


def notebook(file: Path, files: dict[str, str]) -> str:
    """Return the notebook's Markdown without its title, for a page in the folder `katas`.

    Its pictures are put into `files` by their paths.
    SiteError where a cell failed, was never run, or leads to a file that is no page.
    """
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    targets = {
        f"../katas/{brief.parent.name}/README.md": f"{brief.parent.name}.md"
        for brief in PROJECT.glob("katas/*/README.md")
    }
    targets |= {other.name: f"{other.stem}.md#the-notebook" for other in file.parent.glob("*.ipynb")}
    targets[LAB_BENCH] = "lab-bench.md"
    parts = []
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif cell["cell_type"] == "code":
            parts.append(fence(_MARK.sub("", source), "python"))
            parts += _outputs(cell["outputs"], f"{file.stem.replace('_', '-')}-{number}", file, files)
    text = re.sub(r"\A# .*\n", "", "\n\n".join(parts))
    try:
        return relinked(text, targets)
    except KeyError as unknown:
        raise SiteError(f"{file}: the site has no page for the link to {unknown}") from unknown


def _outputs(outputs: list[Any], name: str, file: Path, files: dict[str, str]) -> Iterator[str]:
    for number, output in enumerate(outputs, 1):
        if output["output_type"] == "error":
            raise SiteError(f"{file}: a cell ended with {output['ename']}: {output['evalue']}; run it again")
        if output["output_type"] == "stream":
            yield fence(_plain(output["text"]), "text")
        else:
            yield _shown(output["data"], output["metadata"], f"{PICTURES}/{name}-{number}", files)


def _shown(data: Mapping[str, Any], metadata: Mapping[str, Any], name: str, files: dict[str, str]) -> str:
    """Return the best of the forms in which a cell shows its value."""
    if _DRAWN in data:
        files[f"{name}.svg"] = svg = "".join(data[_DRAWN])
        kind = "drawn" if "prefers-color-scheme" in svg else "drawn on-white"
        shown = f'class="{kind}" src="{name.removeprefix("katas/")}.svg" alt="{escape(metadata[_DRAWN]["alt"])}"'
        return f'<div class="sheet"><img {shown} loading="lazy"></div>'
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    return fence(_plain(data.get("text/plain", "")), "text")


def _plain(text: str | list[str]) -> str:
    return _ESCAPES.sub("", "".join(text))
