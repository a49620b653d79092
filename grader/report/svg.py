"""A timeline as SVG: static, readable in light and dark, without colour, and by those who do not see it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from grader.report.card import BOLD, CROSS, INSIDE, LETTER, LINE, MARGIN, SANS, Grid, badge, card, text
from grader.report.columns import cut, width, wrap
from grader.report.look import PICTURE
from grader.report.schedule import (
    MOST_DRAWN,
    Wait,
    in_words,
    kept,
    left_out,
    name_of,
    result_of,
    tidied,
    waits_of,
    with_gaps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.verdict import Timeline

_MIDDLE = 15
"""From a moment's upper edge to where its number and its dot stand."""


def timeline_svg(timeline: Timeline, *, across: int = 600, name: str = "timeline", alone: bool = True) -> str:
    """Return the picture as an SVG element that scales with its surroundings.

    `across` is its width in units, 13 of which are the height of its letters: less means larger letters and shorter
    lines, and lanes that stand close together. `name` begins the ids in it, and must be unique on a page. The title
    and what explains the picture are drawn where it stands `alone`; a page says them itself.
    """
    drawing = _Drawing(tidied(timeline), across)
    if alone:
        drawing.title()
    drawing.labels()
    drawing.moments()
    drawing.outcomes()
    if alone:
        drawing.explanation()
    height = round(drawing.y + MARGIN)
    shown = drawing.timeline
    called = f"{shown.title}: {shown.anomaly}" if shown.anomaly else shown.title
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="kt" viewBox="0 0 {across} {height}"',
            f' width="{across}" height="{height}" role="img"',
            f' aria-labelledby="{name}-title" aria-describedby="{name}-desc">',
            f'<title id="{name}-title">{escape(called)}</title>',
            f'<desc id="{name}-desc">{escape(" ".join(in_words(shown)))}</desc>',
            f"<style>{PICTURE}</style>",
            f'<rect class="paper" x=".5" y=".5" width="{across - 1}" height="{height - 1}" rx="10"/>',
            *drawing.rails,
            *drawing.marks,
            "</svg>\n",
        ]
    )


class _Drawing:
    """The picture while it is drawn downwards: `y` is where the next thing stands, `rails` lie below the `marks`."""

    def __init__(self, timeline: Timeline, across: int) -> None:
        self.timeline = timeline
        self.grid = Grid.of(across, len(timeline.lanes))
        self.marks: list[str] = []
        self.rails: list[str] = []
        self.y: float = MARGIN
        self._starts: list[float] = []
        self._ends: dict[Wait, float] = {}

    def title(self) -> None:
        """Draw the title, a cross before it where something went wrong, the anomaly's name at its right."""
        anomaly, room = self.timeline.anomaly, self.grid.width - 2 * MARGIN
        indent = 24 if any(moment.bad for moment in self.timeline.moments) else 0
        if anomaly:
            wide = 18 + width(anomaly) * LETTER
            x = MARGIN + room - wide
            room -= round(wide) + 10
            self.marks += [
                f'<rect class="bad" x="{x:g}" y="{self.y:g}" width="{wide:g}" height="26" rx="13"/>',
                text(x + wide / 2, self.y + 17.5, anomaly, "wrong strong mid"),
            ]
        if indent:
            self.marks.append(f'<path class="cross" d="{CROSS.format(MARGIN + 4, self.y + 8)}"/>')
        for line in wrap(self.timeline.title, int((room - indent) / 10.6), 4):
            self.marks.append(text(MARGIN + indent, self.y + 18, line, "sans title"))
            self.y += 23
        self.y += 12

    def labels(self) -> None:
        """Draw who acts in each lane and what was sent."""
        grid, lowest = self.grid, self.y
        for number, lane in enumerate(self.timeline.lanes):
            y = lowest if grid.narrow else self.y
            x, rail, who = grid.card(number) - 2, grid.rail(number), name_of(lane)
            self.marks.append(f'<circle class="dot{number % 3}" cx="{rail:g}" cy="{y + 15:g}" r="6"/>')
            self.marks.append(text(x, y + 20, cut(who, int(grid.card_width / BOLD)), "sans who"))
            self._starts.append(y + 15)
            y += 20
            for line in wrap(lane.label[len(who) :].removeprefix(" · "), int(grid.card_width / LETTER), 3):
                y += LINE
                self.marks.append(text(x, y, line, "soft"))
            lowest = max(lowest, y + 6)
        self.y = lowest + 10

    def moments(self) -> None:
        """Draw the moments, those that are left out as a line that says so, and the waits."""
        tops: dict[int, float] = {}
        waits = waits_of(self.timeline)
        for number in with_gaps(kept(self.timeline, MOST_DRAWN), len(self.timeline.moments)):
            if isinstance(number, range):
                tops |= dict.fromkeys(number, self.y)
                self.marks.append(text(self.grid.number, self.y + 20, "⋮", "strong mid"))
                self.marks.append(text(self.grid.card(0), self.y + 19, left_out(number), "sans soft"))
                self.y += 38
            else:
                tops[number] = self.y
                self._moment(number, waits)
        for wait in waits:
            self.rails += self._wait(wait, tops)

    def _moment(self, number: int, waits: tuple[Wait, ...]) -> None:
        moment, grid, top = self.timeline.moments[number - 1], self.grid, self.y
        x, rail, middle = grid.card(moment.lane), grid.rail(moment.lane), self.y + _MIDDLE
        who = name_of(self.timeline.lanes[moment.lane]) if grid.narrow else ""
        drawn, height = card(moment, result_of(moment, number, waits), who, grid)
        self.rails.append(f'<path class="rule" d="M{grid.number + 14} {middle:g}H{x:g}"/>')
        self.marks += [
            badge(grid.number, middle, number, bad=moment.bad),
            f'<circle class="dot{moment.lane % 3}" cx="{rail:g}" cy="{middle:g}" r="4.5"/>',
            f'<g transform="translate({x:g} {top:g})">{drawn}</g>',
        ]
        lowest = top + height
        for wait in waits:
            if wait.end == number and wait.lane != moment.lane:
                lowest = max(lowest, self._went_on(wait, lowest + 6 if grid.narrow else top))
        self.y = lowest + 10

    def _went_on(self, wait: Wait, y: float) -> float:
        """Draw where a waiting statement went on, return where that ends."""
        grid = self.grid
        who = name_of(self.timeline.lanes[wait.lane]) + " " if grid.narrow else ""
        lines = wrap(f"{who}went on" + (f": {wait.note}" if wait.note else ""), grid.letters, 3)
        x, height = grid.card(wait.lane), 12 + LINE * len(lines)
        self._ends[wait] = y + _MIDDLE
        self.marks += [
            f'<path class="rail lane{wait.lane % 3}" d="M{grid.rail(wait.lane):g} {y + _MIDDLE:g}H{x:g}"/>',
            f'<rect class="card" x="{x:g}" y="{y:g}" width="{grid.card_width:g}" height="{height:g}" rx="6"/>',
            *(text(x + INSIDE, y + 20 + LINE * row, line, "strong") for row, line in enumerate(lines)),
        ]
        return y + height

    def outcomes(self) -> None:
        """Draw what each lane ended with, and its line down to there."""
        grid = self.grid
        for number, lane in enumerate(self.timeline.lanes):
            rail = grid.rail(number)
            look = f"lane{number % 3}"
            line = f'<path class="rail {look}" d="M{rail:g} {self._starts[number]:g}V{self.y + 14:g}"/>'
            self.rails.insert(number, line)
            outcome = cut(lane.outcome, grid.letters - 2)
            if grid.narrow:
                outcome = cut(f"{name_of(lane)}: {outcome}", grid.letters - 2, keep=width(outcome) + 1)
            wide = width(outcome) * LETTER + 24
            x = grid.card(number) if grid.narrow else rail - 12
            if lane.outcome:
                self.marks += [
                    f'<path class="rail {look}" d="M{rail:g} {self.y + 14:g}H{x:g}"/>',
                    f'<rect class="pill {look}" x="{x:g}" y="{self.y:g}" width="{wide:g}" height="28" rx="14"/>',
                    text(x + wide / 2, self.y + 18.5, outcome, "strong mid"),
                ]
            self.y += 34 if grid.narrow else 0
        self.y += 0 if grid.narrow else 28

    def explanation(self) -> None:
        """Draw why it went wrong, the nearest order that holds and what was tried."""
        shown = self.timeline
        nearest = f"Nearest good order: {shown.nearest}" if shown.nearest else ""
        self.y += 8
        for words, style in ((shown.why, "sans"), (nearest, "sans"), (shown.explored, "sans soft")):
            for line in wrap(words, int((self.grid.width - 2 * MARGIN) / SANS)):
                self.y += 20
                self.marks.append(text(MARGIN, self.y, line, style))
            self.y += 4

    def _wait(self, wait: Wait, tops: dict[int, float]) -> Iterator[str]:
        """Yield a hatched bar from a waiting statement to where it went on."""
        top = tops[wait.start] + _MIDDLE
        bottom = self._ends.get(wait, tops.get(wait.end, self.y) + _MIDDLE)
        x, lane = self.grid.rail(wait.lane), wait.lane % 3
        yield f'<rect class="wait lane{lane}" x="{x - 5:g}" y="{top:g}" width="10" height="{bottom - top:g}" rx="3"/>'
        hatch = "".join(f"M{x - 4:g} {top + down:g}l8-6" for down in range(10, int(bottom - top), 9))
        yield f'<path class="hatch lane{lane}" d="{hatch}"/>'
