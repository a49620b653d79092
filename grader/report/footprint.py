"""The files that each use case of a submission stands on, drawn."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.shape import Footprint, UseCase

WIDTH = 100
_INDENT = "    "


def render_footprint(footprint: Footprint) -> str:
    """Return a block for each use case, its files by folder, and a last line of what was left out."""
    blocks = ["\n".join(render_use_case(one)) for one in footprint.use_cases]
    if footprint.common:
        common = f"No change of one use case touches: {', '.join(footprint.common)}."
        blocks.append(textwrap.fill(common, WIDTH, subsequent_indent=_INDENT, break_long_words=False))
    return "\n\n".join(blocks)


def render_use_case(use_case: UseCase) -> list[str]:
    """Return how many files a change of a use case touches, and a line for each folder."""
    folders = use_case.folders
    head = f"{use_case.route}: {_count(len(use_case.files), 'file')} in {_count(len(folders), 'folder')}"
    width = max((len(folder) for folder in folders), default=0) + 1
    return [head, *(f"{_INDENT}{f'{folder}/':<{width}}  {', '.join(names)}" for folder, names in folders.items())]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + "s" * (number != 1)
