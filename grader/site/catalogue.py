"""The index of the katas, and the picture of what comes before what."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from grader.report.columns import wrap
from grader.site.markup import chips

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.site.workshop import Room

_WIDE, _HIGH, _GAP, _DOWN = 216, 76, 24, 40
"""Of a kata in the picture, between two beside each other, and between two below each other."""
_LETTERS = 25


def index(rooms: Sequence[Room]) -> str:
    """Return an entry for each kata: what it is about, how long it takes, what comes before it."""
    titles = {room.kata.number: room.title for room in rooms}
    return "\n".join(_entry(room, titles) for room in rooms)


def _entry(room: Room, titles: Mapping[int, str]) -> str:
    kata = room.kata
    after = [titles[number] for number in kata.requires if number in titles]
    facts = [f"{kata.minutes} minutes", f"{room.points} points", f"difficulty {kata.difficulty} of 5"]
    facts.append(f"best after {' and '.join(after)}" if after else "needs no other kata")
    return (
        f"## [{room.title}]({kata.name}.md)\n\n{incident(room)}\n\n"
        f"{' · '.join(facts)}<br>{chips(kata.tags)}\n\n"
        f"{len(room.checks)} checks, {len(room.alternatives) + 1} designs that pass, "
        f"[{len(room.mistakes)} mistakes, each with what breaks it](../{room.gallery}).\n"
    )


def incident(room: Room) -> str:
    """Return the sentence in which the brief says what happened."""
    found = re.search(r"^\*(.+)\*$", (room.folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return found[0] if found else room.kata.title


def prerequisites(rooms: Sequence[Room], root: str) -> str:
    """Return the katas as a picture, each below those that are best done before it, as one line of HTML.

    `root` leads from the page to the top of the site.
    What stands in a block of HTML gets no tooltips, which a picture could not hold.
    """
    placed = _placed(rooms)
    columns = max(column for column, _ in placed.values()) + 1
    lines = max(row for _, row in placed.values()) + 1
    wide, high = columns * (_WIDE + _GAP) - _GAP + 4, lines * (_HIGH + _DOWN) - _DOWN + 4
    told = "; ".join(_in_words(room, rooms) for room in rooms)
    size = f'viewBox="-2 -2 {wide} {high}" style="max-width:{wide}px"'
    parts = [f'<div><svg class="map" {size} role="group" aria-label="{escape(told)}">']
    for room in rooms:
        parts += _arrows(room.kata.requires, placed, placed[room.kata.number])
    parts += [_node(room, placed[room.kata.number], root) for room in rooms]
    return "".join([*parts, "</svg></div>"])


def _placed(rooms: Sequence[Room]) -> dict[int, tuple[int, int]]:
    """Return each kata's column and row: a row below the lowest of those that come before it."""
    requires = {room.kata.number: [n for n in room.kata.requires if n != room.kata.number] for room in rooms}

    def row(number: int) -> int:
        return max((row(before) + 1 for before in requires[number] if before in requires), default=0)

    taken: dict[int, int] = {}
    placed = {}
    # what others stand on comes first in its row, so that arrows lead straight down
    for number in sorted(requires, key=lambda number: (not any(number in r for r in requires.values()), number)):
        line = row(number)
        placed[number] = (taken.get(line, 0), line)
        taken[line] = taken.get(line, 0) + 1
    return placed


def _arrows(requires: Sequence[int], placed: Mapping[int, tuple[int, int]], to: tuple[int, int]) -> Iterator[str]:
    x, y = to[0] * (_WIDE + _GAP) + _WIDE // 2, to[1] * (_HIGH + _DOWN)
    for column, row in (placed[number] for number in requires if number in placed):
        start = column * (_WIDE + _GAP) + _WIDE // 2, row * (_HIGH + _DOWN) + _HIGH
        yield f'<path class="arrow" d="M{start[0]} {start[1]}L{x} {y - 7}"/>'
        yield f'<path class="head" d="M{x} {y}l-6-9h12z"/>'


def _node(room: Room, place: tuple[int, int], root: str) -> str:
    x, y = place[0] * (_WIDE + _GAP), place[1] * (_HIGH + _DOWN)
    lines = wrap(room.title, _LETTERS, 3)
    first = y + (_HIGH - 20 * (len(lines) - 1)) / 2 + 5
    texts = [
        f'<text x="{x + _WIDE / 2:g}" y="{first + 20 * row:g}">{escape(line)}</text>' for row, line in enumerate(lines)
    ]
    box = f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="10"/>'
    return f'<a href="{root}katas/{room.kata.name}.html">{box}{"".join(texts)}</a>'


def _in_words(room: Room, rooms: Sequence[Room]) -> str:
    before = [f"{other.kata.number:02d}" for other in rooms if other.kata.number in room.kata.requires]
    return f"{room.title}: " + (f"after {' and '.join(before)}" if before else "needs no other")
