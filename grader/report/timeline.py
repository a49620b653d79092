"""A timeline as text for a terminal: a lane an actor, time down, the line where it went wrong marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from grader.report.columns import cut, pad, width, wrap
from grader.report.schedule import Wait, kept, left_out, result_of, short, tidied, waits_of, with_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.verdict import Moment, Timeline

WIDTH = 100
MOST_ROWS = 9
"""Lines for moments, those that say how many are left out among them."""
MOST_LINES = 10
"""The same with the second lines of long texts."""
_LEFT = 7
"""Columns before the first lane: a number, a mark."""
_GAP = 2
_NARROWEST = 12
_PLACE = 20
"""Columns that a file and its line may take."""
_HALF_AN_ID = re.compile(r"…\w{1,3}…")
_ENDS_IN_AN_ID = re.compile(r" WHERE [\w.]+=…\w+$")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one lane of one row; `bar` is the sign of a wait before the text."""

    text: str = ""
    note: str = ""
    bar: str = ""

    @property
    def start(self) -> str:
        """The text with the bar before it."""
        return f"{self.bar} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `moment` is None where moments are left out."""

    head: str
    cells: tuple[Cell, ...]
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the lanes begin, how wide they are and how wide their notes; where the place begins, or the line ends."""

    starts: tuple[int, ...]
    widths: tuple[int, ...]
    notes: tuple[int, ...]
    place: int


def timeline_lines(timeline: Timeline) -> list[str]:
    """Return the picture as lines of at most 100 columns, without what explains it."""
    timeline = tidied(timeline)
    rows = _rows(timeline)
    columns = _columns(rows, len(timeline.lanes))
    lines = _title(timeline)
    lines += _labels([lane.label for lane in timeline.lanes], columns)
    tall = _tall(rows, columns)
    for place, row in enumerate(rows):
        lines += _lines(row, columns, tall=place in tall)
    lines += _across([lane.outcome for lane in timeline.lanes], columns)
    return [line.rstrip() for line in lines]


def _title(timeline: Timeline) -> list[str]:
    room = WIDTH - 2 - (width(timeline.anomaly) + _GAP if timeline.anomaly else 0)
    first, *rest = wrap(timeline.title, room, 2) or [""]
    return ["✘ " + (pad(first, room + _GAP) + timeline.anomaly), *("  " + line for line in rest)]


def _rows(timeline: Timeline) -> list[Row]:
    waits = waits_of(timeline)
    lanes = range(len(timeline.lanes))
    rows: list[Row] = []
    for number in with_gaps(kept(timeline, MOST_ROWS), len(timeline.moments)):
        if isinstance(number, range):
            rows.append(Row(f"{'⋮':>3}    ", tuple(_cell_of_gap(lane, number, waits) for lane in lanes)))
            continue
        moment = timeline.moments[number - 1]
        cells = tuple(_cell(lane, number, moment, waits) for lane in lanes)
        rows.append(Row(f"{number:>3} {'✘' if moment.bad else '':<2} ", cells, moment))
    return rows


def _cell_of_gap(lane: int, gone: range, waits: Iterable[Wait]) -> Cell:
    waiting = any(wait.lane == lane and wait.start < gone[-1] and wait.end > gone[0] for wait in waits)
    return Cell(left_out(gone) if lane == 0 else "", bar="│" if waiting else "")


def _cell(lane: int, number: int, moment: Moment, waits: tuple[Wait, ...]) -> Cell:
    ended = next((wait for wait in waits if wait.lane == lane and wait.end == number), None)
    waiting = any(wait.lane == lane and wait.start < number < wait.end for wait in waits)
    bar = "└" if ended else "│" if waiting else ""
    if moment.lane != lane:
        return Cell("went on", ended.note, bar) if ended else Cell(bar=bar)
    return Cell("⚡ " + moment.text if moment.fault else moment.text, result_of(moment, number, waits), bar)


def _columns(rows: Sequence[Row], lanes: int) -> Columns:
    places = max((width(short(row.moment.place, _PLACE)) for row in rows if row.moment and row.moment.place), default=0)
    place = WIDTH - places
    room = place - _LEFT - _GAP * (lanes - (0 if places else 1))
    texts = [max((width(row.cells[lane].start) for row in rows), default=0) for lane in range(lanes)]
    notes = [max((width(row.cells[lane].note) for row in rows), default=0) for lane in range(lanes)]
    widths = _share(room, [text + (note + _GAP if note else 0) for text, note in zip(texts, notes, strict=True)])
    starts = [_LEFT]
    for each in widths:
        starts.append(starts[-1] + each + _GAP)
    usual = [
        text + _GAP if text + _GAP + note <= room else room - min(note, max(room // 2, room - _GAP - text))
        for text, note, room in zip(texts, notes, widths, strict=True)
    ]
    return Columns(tuple(starts[:-1]), tuple(widths), tuple(usual), place)


def _share(room: int, needs: Sequence[int]) -> list[int]:
    """Return how wide each lane is: equal parts, but for who needs more where others need less."""
    widths = [max(need, _NARROWEST) for need in needs]
    enough = sum(widths) <= room
    for left_to_share, lane in enumerate(sorted(range(len(needs)), key=lambda lane: widths[lane], reverse=enough)):
        part = room // (len(needs) - left_to_share)
        widths[lane] = max(widths[lane], part) if enough else min(widths[lane], part)
        room -= widths[lane]
    return widths


def _labels(labels: Sequence[str], columns: Columns) -> Iterator[str]:
    """Yield the labels, who acts and what was sent in a line each where they do not all fit in one."""
    if all(width(label) <= room for label, room in zip(labels, columns.widths, strict=True)):
        yield from _across(labels, columns)
        return
    parted = [label.partition(" · ") for label in labels]
    yield from _across([who for who, _, _ in parted], columns)
    yield from _across([what for _, _, what in parted], columns)


def _across(texts: Sequence[str], columns: Columns) -> Iterator[str]:
    """Yield the line that has a text in each lane."""
    fitted = [cut(text, room) for text, room in zip(texts, columns.widths, strict=True)]
    yield _at(zip(columns.starts, fitted, strict=True))


def _tall(rows: Sequence[Row], columns: Columns) -> set[int]:
    """Return the places of the rows whose texts take a second line: of all that are long, else of what went wrong."""
    long = {at for at, row in enumerate(rows) if row.moment and not row.moment.fault and _is_long(row, columns)}
    if len(rows) + len(long) <= MOST_LINES:
        return long
    return {at for at in long if (moment := rows[at].moment) and moment.bad}


def _lines(row: Row, columns: Columns, *, tall: bool) -> Iterator[str]:
    """Yield the line of a row, what is left of its text in a second one, and what is remarked of it below."""
    moment = row.moment
    parts = [(0, row.head), *zip(columns.starts, _fitted(row, columns, tall=tall), strict=True)]
    if moment is None:
        yield _at(parts)
        return
    start, free = columns.starts[moment.lane], not any(cell.start for cell in row.cells[moment.lane + 1 :])
    if moment.fault and not moment.note and free:
        parts[moment.lane + 1] = (start, cut(row.cells[moment.lane].start, columns.place - _GAP - start))
    place = (columns.place, short(moment.place, _PLACE) if moment.place else "")
    beside = width(_at(parts)) + _GAP + 1
    if moment.remark and free and not tall and beside + 2 + width(moment.remark) <= columns.place - _GAP:
        yield _at([*parts, (beside, f"← {moment.remark}"), place])
        return
    yield _at([*parts, place])
    room = columns.widths[moment.lane] - 2
    if tall:
        bar = "│" if row.cells[moment.lane].bar == "│" or moment.waited_until else " "
        yield _at(_among_bars(row, moment.lane, columns, f"{bar} {_two_lines(row, columns)[1]}"))
    remark = wrap(moment.remark, WIDTH - start - 2 if free else room, 3)
    for mark, text in zip(chain("↑", repeat(" ")), remark, strict=False):
        yield _at(_among_bars(row, moment.lane, columns, f"{mark} {text}"))


def _among_bars(row: Row, lane: int, columns: Columns, text: str) -> Iterator[tuple[int, str]]:
    """Yield a text in its lane and the bars of those that wait in the others."""
    for number, (start, cell) in enumerate(zip(columns.starts, row.cells, strict=True)):
        yield start, text if number == lane else "│" if cell.bar == "│" else ""


def _is_long(row: Row, columns: Columns) -> bool:
    """Whether the text or the note of a row's own lane does not fit in one line."""
    assert row.moment is not None  # noqa: S101 -- asked for only then
    lane, cell = row.moment.lane, row.cells[row.moment.lane]
    room = _room(cell, lane, columns)
    return width(cell.start) > room or bool(cell.note and width(cell.note) > columns.widths[lane] - room - _GAP)


def _two_lines(row: Row, columns: Columns) -> tuple[str, str]:
    """Return the text and the note of a row's own lane in two lines: a long note stands in the second one."""
    assert row.moment is not None  # noqa: S101 -- asked for only then
    lane, cell = row.moment.lane, row.cells[row.moment.lane]
    whole, room = columns.widths[lane], _room(cell, lane, columns)
    above = "" if width(cell.note) > whole - room - _GAP else cell.note
    first, *_ = wrap(cell.start, room if above else whole) or [""]
    rest = cell.start[len(first) :].lstrip()
    if above or not cell.note:
        return f"{pad(first, room)}  {above}".rstrip(), _cut(rest, whole - 2)
    if not rest:
        return first, cut(cell.note, whole - 2)
    note = cut(cell.note, max(whole // 2, whole - 2 - _GAP - width(rest)))
    left = whole - 2 - _GAP - width(note)
    return first, f"{_cut(rest, left)}  {note}"


def _cut(text: str, columns: int) -> str:
    """Return what fits of a text, its end too where that says more than which row it is: a lock, a version."""
    shown = cut(text, columns, 0 if _ENDS_IN_AN_ID.search(text) else columns * 2 // 5)
    return _HALF_AN_ID.sub("…", shown) if shown != text else text


def _room(cell: Cell, lane: int, columns: Columns) -> int:
    """Return how much of its lane a cell's text may take: its note stands where the others do, or as near as fits."""
    room, usual = columns.widths[lane], columns.notes[lane]
    if not cell.note:
        return room
    text, note = width(cell.start) + _GAP, width(cell.note)
    return max(min(text, usual), min(max(usual, text), room - note)) - _GAP


def _fitted(row: Row, columns: Columns, *, tall: bool) -> Iterator[str]:
    """Yield the text of each cell and its note, of a tall row's own lane the first of its lines."""
    for lane, cell in enumerate(row.cells):
        if tall and row.moment is not None and lane == row.moment.lane:
            yield _two_lines(row, columns)[0]
            continue
        room = _room(cell, lane, columns)
        text = _cut(cell.start, room)
        yield pad(text, room + _GAP) + cut(cell.note, columns.widths[lane] - room - _GAP) if cell.note else text


def _at(parts: Iterable[tuple[int, str]]) -> str:
    """Return a line with each text at its column."""
    line = ""
    for column, text in parts:
        if text:
            line = pad(line, column) + text
    return line
