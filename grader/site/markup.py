"""Markdown and HTML as the pages need them: folds, fences, one-line HTML, and headings moved down."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINK = re.compile(r"\]\((?!https?:|#)([^)\s#]+)")
"""A link of Markdown to a file of the repository."""
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
_LOWEST = 6
_PLAIN = re.compile(r'<span class="[nw]">([^<]*)</span>')
"""A name or a blank in code, which the theme draws as it draws the text around it."""
_ALIKE = re.compile(r'<span class="(g[di])">[^<]*</span>(?:\n<span class="\1">[^<]*</span>)+')
"""Lines of a diff below each other of which all are new, or all are gone."""
_TAG = re.compile(r"</?span[^>]*>")


def one_line(html: Iterable[str]) -> str:
    """Return HTML on one line, so that Markdown takes it as a block whatever stands in its texts."""
    return "\n".join(html).replace("\n", "&#10;").replace("`", "&#96;").replace(">&#10;<", "><")


def fence(text: str, language: str = "", title: str = "") -> str:
    """Return a block of code, between fences longer than any in the text."""
    longest = max((len(ticks) for ticks in re.findall(r"^\s*(`{3,})", text, re.MULTILINE)), default=2)
    ticks = "`" * (longest + 1)
    named = f' title="{title}"' if title else ""
    return f"{ticks}{language}{named}\n{text.rstrip()}\n{ticks}\n"


def fold(kind: str, title: str, text: str, *, depth: int = 0, key: str = "") -> str:
    """Return a text that is folded away under its title; `depth` counts the folds that lie inside it.

    `key` is the fold's anchor.
    """
    bar = "/" * (3 + depth)
    anchor = f"    attrs: {{id: {key}}}\n" if key else ""
    return f"{bar} details | {title}\n    type: {kind}\n{anchor}\n{text.strip()}\n\n{bar}\n"


def tabs(named: Iterable[tuple[str, str]], *, depth: int = 0) -> str:
    """Return texts of which one is shown at a time, each under its name."""
    bar = "/" * (3 + depth)
    return "\n".join(f"{bar} tab | {name}\n\n{text.strip()}\n\n{bar}\n" for name, text in named)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; a bar in a cell is escaped."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *(list(row) for row in rows)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def demoted(markdown: str, levels: int) -> str:
    """Return the text with its headings so many levels further down, code left alone."""

    def down(found: re.Match[str]) -> str:
        return "#" * min(_LOWEST, len(found[1]) + levels) + " "

    return "".join(text if code else _HEADING.sub(down, text) for code, text in _parts(markdown))


def outside_code(markdown: str) -> Iterator[str]:
    """Yield the parts of a text that are no blocks of code."""
    yield from (text for code, text in _parts(markdown) if not code)


def relinked(markdown: str, targets: dict[str, str]) -> str:
    """Return the text with its links to files leading elsewhere, code left alone; KeyError for one without a target."""

    def replaced(found: re.Match[str]) -> str:
        return found[0].replace(found[1], targets[found[1]])

    return "".join(text if code else LINK.sub(replaced, text) for code, text in _parts(markdown))


def _parts(markdown: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in parts, and of each whether it is a block of code."""
    kept: list[str] = []
    closing = ""
    for line in markdown.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not closing and found:
            yield False, "".join(kept)
            kept, closing = [line], found[1]
        elif closing and found and line.strip().startswith(closing):
            yield True, "".join([*kept, line])
            kept, closing = [], ""
        else:
            kept.append(line)
    yield bool(closing), "".join(kept)


def lightened(html: str) -> str:
    """Return a page with fewer tags in its code that is read and drawn as before."""

    def joined(found: re.Match[str]) -> str:
        return f'<span class="{found[1]}">{_TAG.sub("", found[0])}</span>'

    return _ALIKE.sub(joined, _PLAIN.sub(r"\1", html))


def chips(words: Iterable[str]) -> str:
    """Return words as labels."""
    return " ".join(f'<span class="chip">{escape(word)}</span>' for word in words)
