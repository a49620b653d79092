"""How verbs speak: results on stdout, what is under way on stderr, plain where nobody sees colours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 100
"""Text is laid out at most so wide."""


def out() -> Console:
    """Return the console for results; rich minds NO_COLOR, and writes no colours where stdout is no terminal."""
    console = Console(highlight=False, emoji=False, markup=False)
    console.width = min(console.width, WIDTH)
    return console


def say(text: str) -> None:
    """Say what is under way, or a remark beside the result, on stderr."""
    Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True).print(text, style="dim")


def show(*parts: RenderableType) -> None:
    """Show parts one below the other; on a terminal through the pager, which ends at once where they fit."""
    console = out()
    if console.is_terminal:
        os.environ.setdefault("LESS", "-FRX")
        with console.pager(styles=True):
            console.print(Group(*parts))
    else:
        console.print(Group(*parts))


def markdown(text: str) -> RenderableType:
    """Return Markdown as it is shown; one sentence a line becomes paragraphs."""
    from rich.markdown import Markdown  # noqa: PLC0415 -- slow to import, and most verbs need none

    return Markdown(text, code_theme="ansi_dark", hyperlinks=False)


def heading(text: str) -> Text:
    """Return a line that stands over what belongs to it."""
    return Text(text, style="bold")


def points(earned: int, total: int) -> str:
    """Return points as they are said everywhere."""
    return f"{earned} of {total} points"
