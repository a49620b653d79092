"""A game as it is drawn: lines of so many columns, that say all without colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from grader.explore.wording import shortened
from grader.lab.position import Position
from grader.report.columns import cut, pad, tidy, width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.lab.position import Line, Seat
    from grader.lab.rows import Table

LANES = ("cyan", "magenta", "yellow")
GUTTER = 4
"""Columns for a line's number."""
BETWEEN = 2
PLACED = 116
"""From so many columns on each line has its place in the code beside it."""
PLACE = 26
FEWEST = 4
"""Lines of what has happened that are always shown."""
FEWEST_ROWS = 2
MOST_TEXT = 4
"""Lines of a held statement that are shown where there is room."""
MOST_ROW_LINES = 8
VALUE = 40
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class View:
    """What the screen shows; `heading` and `which` stand in its first line, to the left and to the right."""

    heading: str
    which: str
    title: str
    """What must hold, in a sentence."""
    keys: str
    position: Position = field(default_factory=Position)
    told: tuple[tuple[str, str], ...] = ()
    """What there is to say: texts with their styles."""
    menu: tuple[str, ...] = ()
    """What can be chosen; it takes the place of the rows."""


def draw(view: View, columns: int, height: int) -> Text:
    """Return the whole screen: what has happened takes the room that is left, and held statements what that leaves."""
    top = list(_top(view, columns))
    below = list(_menu(view.menu, columns) if view.menu else _rows(view.position, columns))
    told = [Text(line, style) for text, style in view.told for line in _sentences(text, columns)]
    foot = [Text(line, "reverse") for line in _keys(view.keys, columns)]
    rule = Text("─" * columns, "dim")
    room = height - len(top) - len(told) - len(foot) - 2
    wanted = max(FEWEST, len(view.position.lines))
    held = next(
        held
        for most in range(MOST_TEXT, 0, -1)
        if len(held := list(_held(view.position, columns, most))) + len(below) + wanted <= room or most == 1
    )
    below = below[: max(FEWEST_ROWS, room - len(held) - wanted)]
    happened = _happened(view.position, columns, max(FEWEST, room - len(held) - len(below)))
    lines = [*top, *happened, rule, *held, rule, *below]
    gap = [Text()] * (height - len(lines) - len(told) - len(foot))
    return Text("\n").join([*lines, *gap, *told, *foot][-height:])


def _top(view: View, columns: int) -> Iterator[Text]:
    room = columns - width(view.which) - 2
    yield Text(pad(cut(view.heading, room), room + 2) + view.which, "bold")
    for line in wrap(f"Must hold: {view.title}", columns, 2):
        yield Text(line)
    yield Text("─" * columns, "dim")
    lanes = _Lanes(columns, len(view.position.seats))
    labels = [wrap(tidy(f"{seat.name}  {seat.told}"), lanes.width, 2) for seat in view.position.seats]
    for number in range(max(map(len, labels), default=0)):
        yield lanes.across([label[number] if number < len(label) else "" for label in labels], "bold")


class _Lanes:
    """Where the lanes stand."""

    def __init__(self, columns: int, lanes: int) -> None:
        self.place = columns - PLACE if columns >= PLACED else 0
        """Where a line's place stands, 0 where there is no room for it."""
        room = (self.place or columns + BETWEEN) - GUTTER
        self.width = max(8, room // max(1, lanes) - BETWEEN)

    def start(self, lane: int) -> int:
        return GUTTER + lane * (self.width + BETWEEN)

    def across(self, texts: Sequence[str], style: str = "") -> Text:
        """Return a line with a text in each lane."""
        line = Text()
        for lane, text in enumerate(texts):
            line.append(" " * (self.start(lane) - width(line.plain)))
            line.append(cut(text, self.width), f"{style} {LANES[lane]}".strip())
        return line


def _happened(position: Position, columns: int, room: int) -> list[Text]:
    """Return the last lines of what has happened, as many as fit; what is before them is counted."""
    lanes = _Lanes(columns, len(position.seats))
    shown = position.lines if len(position.lines) <= room else position.lines[1 - room :]
    gone = len(position.lines) - len(shown)
    lines = [Text(pad("  ⋮ ", GUTTER) + f"{gone} before", "dim")] if gone else []
    broken = position.ruling is not None and bool(position.ruling.broken)
    for number, line in enumerate(shown, gone + 1):
        lines.append(_line(line, number, lanes, broken=broken and number == len(position.lines)))
    return lines


def _line(line: Line, number: int, lanes: _Lanes, *, broken: bool) -> Text:
    drawn = Text().append(f"{'✘' if broken else number:>3} ", "bold red" if broken else "dim")
    for lane in range(max(line.lane, *line.bars, 0) + 1):
        drawn.append(" " * (lanes.start(lane) - width(drawn.plain)))
        if lane != line.lane:
            drawn.append("│" if lane in line.bars else "", LANES[lane])
            continue
        mark = "└ " if line.went_on else "⚡ " if line.fault else ""
        drawn.append(_text_and_note(mark + tidy(line.text), tidy(line.note), lanes.width), LANES[lane])
    if line.place is not None and lanes.place:
        drawn.append(" " * (lanes.place - width(drawn.plain)) + _end(tidy(str(line.place)), PLACE), "dim")
    return drawn


def _text_and_note(text: str, note: str, room: int) -> str:
    """Return a text with its note at the end of the lane; of a long note the last values go first."""
    while width(text) + 1 + width(note) > room and ", " in note:
        note = note.rpartition(", ")[0]
    if not note:
        return cut(text, room)
    note = cut(note, max(room // 2, room - width(text) - 1))
    left = room - width(note) - 1
    return pad(cut(text, left, left * 2 // 5), left + 1) + note


def _end(place: str, room: int) -> str:
    """Return the end of a file's path that fits."""
    return place if width(place) <= room else f"…{place[1 - room :]}"


def _held(position: Position, columns: int, most: int) -> Iterator[Text]:
    """Yield what each request holds, waits for, or was answered."""
    lanes = _Lanes(columns, len(position.seats))
    cells = [
        _seat(seat, lanes.width, most, next_up=bool(position.plan) and position.plan[0].actor[0] == seat.name)
        for seat in position.seats
    ]
    for number in range(max(map(len, cells), default=0)):
        yield lanes.across([cell[number] if number < len(cell) else "" for cell in cells])


def _seat(seat: Seat, room: int, most: int, *, next_up: bool) -> list[str]:
    found: list[str] = []
    for mark, steps in (("▶" if not next_up else "▶▶", seat.standing), ("│ waits:", seat.waiting)):
        for step in steps:
            told = f"{mark} {step.actor if step.actor != seat.name else ''} {tidy(step.text)}"
            found += wrap(" ".join(told.split()), room, most)
            found += [f"  at {_end(tidy(str(step.place)), room - 5)}"] if step.place else []
    if seat.answer:
        found.append(f"answered {seat.answer}" if seat.answer.isdigit() else seat.answer)
    elif not found:
        found.append("sleeps; its key wakes it" if seat.sleeps else "at work")
    return found


def _rows(position: Position, columns: int) -> Iterator[Text]:
    """Yield the committed rows, with what they were in the beginning where they have changed."""
    if position.tables is None:
        yield Text("Committed rows: a request has locked a table, so that they cannot be read now", "dim")
        return
    first = {table.name: table for table in position.first}
    found = [line for table in position.tables for line in _table(table, first.get(table.name), columns)]
    found.sort(key=lambda line: not line[0])  # what has changed comes first
    lines = [Text("Committed rows:", "dim"), *(part for _, parts in found for part in parts)]
    yield from lines[:MOST_ROW_LINES]
    if len(lines) > MOST_ROW_LINES:
        yield Text(f"  {len(lines) - MOST_ROW_LINES} more lines", "dim")


def _table(table: Table, before: Table | None, columns: int) -> Iterator[tuple[bool, list[Text]]]:
    """Yield what there is to say of each row: whether it has changed, and its lines."""
    old = {str(row[0]): row for row in before.rows} if before is not None else {}
    rows = [(row, old.pop(str(row[0]), None)) for row in table.rows if row]
    if not rows and not old:
        yield False, [Text(f"  {table.name}: no row", "dim")]
    for row, was in rows:
        values = [
            _value(column, value, was[place] if was is not None and place < len(was) else value)
            for place, (column, value) in enumerate(zip(table.columns, row, strict=False))
        ]
        mark = "+" if was is None else " " if was == row else "*"
        yield mark != " ", list(_hanging(mark, f"{table.name}: {', '.join(values)}", columns))
    for gone in old.values():
        yield True, list(_hanging("-", f"{table.name}: {_shown(gone[0])} is gone", columns))
    if table.more:
        yield False, [Text(f"  {table.name}: and more rows", "dim")]


def _value(column: str, value: object, was: object) -> str:
    return f"{column} {_shown(value)}" if value == was else f"{column} {_shown(was)} → {_shown(value)}"


def _shown(value: object) -> str:
    """Return a value in a few words; of a moment the time of day."""
    return f"{value:%H:%M:%S}" if isinstance(value, datetime) else tidy(shortened(value, VALUE))


def _hanging(mark: str, text: str, columns: int) -> Iterator[Text]:
    for number, line in enumerate(wrap(text, columns - 4, 3)):
        yield Text(f"    {line}" if number else f"{mark} {line}", "" if mark == " " else "bold")


def _menu(choices: Sequence[str], columns: int) -> Iterator[Text]:
    for choice in choices:
        yield Text(cut(choice, columns))


def _sentences(text: str, columns: int) -> list[str]:
    """Return a text in lines."""
    return [line for part in text.split("\n") for line in wrap(part, columns)]


def _keys(keys: str, columns: int) -> list[str]:
    return [pad(line, columns) for line in wrap(keys, columns, 2)]
