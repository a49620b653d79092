"""The parts of a timeline's picture: where they stand from left to right, and what is in a card."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from grader.report.columns import cut, width, wrap
from grader.report.schedule import short

if TYPE_CHECKING:
    from grader.verdict import Moment

MARGIN = 16
GUTTER = 40
"""Where the numbers stand."""
BETWEEN = 16
"""From lane to lane."""
RAIL = 16
"""From a lane's line to its cards."""
INSIDE = 9
"""From a card's edge to its text."""
LINE = 18
"""From one line of text to the next."""
LETTER = 7.9
"""The widest letter of the fixed fonts, at 13 units."""
SMALL = 7.1
"""The same at 11.5 units."""
SANS = 7.6
"""An average letter of the other fonts at 14 units, on the safe side."""
BOLD = 8.8
"""The same in bold."""
CROSS = "M{0:g} {1:g}l9 9m0-9l-9 9"
_BOLT = "M{0} {1}l-6 8h4.5l-2.5 7 8-9.5h-5l3-5.5z"
_FEWEST_LETTERS = 20
_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Grid:
    """Where things stand from left to right, in units of the picture.

    Where there is no room for cards side by side they stand below each other, and the lanes' lines close together.
    """

    width: int
    lanes: int
    narrow: bool

    @classmethod
    def of(cls, width: int, lanes: int) -> Grid:
        """Return the grid for as many lanes on this width."""
        beside = cls(width, lanes, narrow=False)
        return beside if lanes == 1 or beside.letters >= _FEWEST_LETTERS else cls(width, lanes, narrow=True)

    @property
    def number(self) -> int:
        """The middle of the numbers."""
        return MARGIN + 14

    @property
    def _step(self) -> float:
        return 14 if self.narrow else (self.width - 2 * MARGIN - GUTTER + BETWEEN) / self.lanes

    def rail(self, lane: int) -> float:
        """The line of a lane."""
        return round(MARGIN + GUTTER + lane * self._step + 6, 1)

    def card(self, lane: int) -> float:
        """The left edge of the cards of a lane."""
        return self.rail(self.lanes - 1 if self.narrow else lane) + RAIL

    @property
    def card_width(self) -> float:
        """How wide a card is."""
        end = self.width - MARGIN if self.narrow else self.rail(0) - 6 + self._step - BETWEEN
        return round(end - self.card(0), 1)

    @property
    def letters(self) -> int:
        """How many letters a line in a card holds."""
        return int((self.card_width - 2 * INSIDE) / LETTER)


def text(x: float, y: float, words: str, style: str = "") -> str:
    """Return the words as SVG at a place, its baseline at `y`."""
    return f'<text x="{x:g}" y="{y:g}"' + (f' class="{style}"' if style else "") + f">{escape(words)}</text>"


def card(moment: Moment, result: str, who: str, grid: Grid) -> tuple[str, float]:
    """Return a moment's card as SVG, from its upper left corner, and its height; `who` acts, where that is said."""
    y = 20.0
    marks = []
    if who:
        who = cut(who, int((grid.card_width - 2 * INSIDE) / SMALL))
        marks.append(text(INSIDE, y - 2, who, "small soft strong"))
        y += LINE - 2
    shift = 18 if moment.fault else 0
    if moment.fault:
        marks.append(f'<path class="bolt" d="{_BOLT.format(INSIDE + 8, y - 13)}"/>')
    for line in wrap(moment.text, grid.letters - (3 if shift else 0), _MOST_LINES):
        marks.append(text(INSIDE + shift, y, line, "strong" if moment.fault else ""))
        y += LINE
    results = wrap(result, grid.letters, 3)
    for line in results:
        marks.append(text(INSIDE, y, line, "strong"))
        y += LINE
    if moment.place:
        place, beside = _place(moment, results[-1] if results else "", grid)
        y -= LINE if beside else 0
        marks.append(text(grid.card_width - INSIDE, y, place, "small soft end"))
        y += LINE
    if moment.bad:
        y += 2
        marks.append(f'<path class="cross" d="{CROSS.format(INSIDE + 1, y - 10)}"/>')
        room = int((grid.card_width - 2 * INSIDE - 18) / BOLD)
        for line in wrap(moment.remark or "here it went wrong", room):
            marks.append(text(INSIDE + 18, y, line, "sans wrong strong"))
            y += LINE
    height = y - LINE + 10
    look = "bad" if moment.bad else "fault" if moment.fault else "card"
    return "".join([f'<rect class="{look}" width="{grid.card_width:g}" height="{height:g}" rx="6"/>', *marks]), height


def _place(moment: Moment, result: str, grid: Grid) -> tuple[str, bool]:
    """Return a moment's place as it fits, and whether it stands beside the result."""
    room = grid.card_width - 2 * INSIDE
    assert moment.place is not None  # noqa: S101 -- asked for only then
    name = width(f"…/{str(moment.place).rpartition('/')[2]}")
    rest = int((room - (width(result) + 2) * LETTER) / SMALL)
    beside = bool(result) and rest >= min(name, width(str(moment.place)))
    return short(moment.place, min(30, rest if beside else int(room / SMALL))), beside


def badge(x: float, y: float, number: int, *, bad: bool) -> str:
    """Return a moment's number as SVG: in a circle, where it went wrong in a filled octagon."""
    if not bad:
        return f'<circle class="number" cx="{x:g}" cy="{y:g}" r="12"/>' + text(x, y + 4.5, str(number), "small mid")
    octagon = f"M{x - 6:g} {y - 14:g}h12l8 8v12l-8 8h-12l-8-8v-12z"
    return f'<path class="badge" d="{octagon}"/>' + text(x, y + 4.5, str(number), "badge-text strong mid")
