"""What every picture of a timeline needs: its texts made safe, who waits until when, and the schedule in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from grader.report.columns import end_of, tidy, width
from grader.verdict import Lane, Moment, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.verdict import Place


MOST_DRAWN = 20
"""Moments shown where there is room to scroll."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A statement that waits in a lane, from the moment `start` to the moment `end`, numbers from 1.

    `note` is what came of it when it went on; empty where the lane shows a moment of its own there.
    """

    lane: int
    start: int
    end: int
    note: str


def tidied(timeline: Timeline) -> Timeline:
    """Return the timeline with each of its texts on one line, and nothing in them that a screen would act upon."""
    return replace(
        timeline,
        title=tidy(timeline.title),
        lanes=tuple(Lane(tidy(lane.label), tidy(lane.outcome)) for lane in timeline.lanes),
        moments=tuple(_tidied(moment) for moment in timeline.moments),
        anomaly=tidy(timeline.anomaly),
        why=tidy(timeline.why),
        nearest=_sentence(tidy(timeline.nearest)),
        explored=_sentence(tidy(timeline.explored)),
    )


def _tidied(moment: Moment) -> Moment:
    return replace(
        moment,
        text=tidy(moment.text),
        note=tidy(moment.note),
        place=replace(moment.place, file=tidy(moment.place.file)) if moment.place else None,
        remark=tidy(moment.remark).removeprefix("← "),
    )


def _sentence(text: str) -> str:
    return text + "." if text and text[-1] not in ".!?…" else text


def waits_of(timeline: Timeline) -> tuple[Wait, ...]:
    """Return the waits in the order in which they begin."""
    found = []
    for number, moment in enumerate(timeline.moments, 1):
        end = moment.waited_until
        if end is not None and end > number:
            alone = end > len(timeline.moments) or timeline.moments[end - 1].lane != moment.lane
            found.append(Wait(moment.lane, number, end, moment.note if alone else ""))
    return tuple(found)


def result_of(moment: Moment, number: int, waits: tuple[Wait, ...]) -> str:
    """Return what is said beside a moment: what came of it, or that it waits where that came later."""
    wait = next((wait for wait in waits if wait.start == number), None)
    if wait is None:
        return moment.note
    return "waits" if wait.note or not moment.note else moment.note


def kept(timeline: Timeline, most: int) -> list[int]:
    """Return the numbers of the moments to show: what went wrong, what is spoken of, what lies near.

    They take at most `most` lines, those that say how many are left out among them.
    """
    last = len(timeline.moments)
    bad = [number for number, moment in enumerate(timeline.moments, 1) if moment.bad] or [last]
    faults = [number for number, moment in enumerate(timeline.moments, 1) if moment.fault]
    waits = [(wait.start, wait.end) for wait in waits_of(timeline)]
    ends = [number for wait in waits for number in wait if set(wait) & set(bad)]
    near = sorted(range(1, last + 1), key=lambda number: min(abs(number - other) for other in bad))
    chosen: set[int] = set()
    for number in [*bad, *faults, *ends, *_spoken_of(timeline), 1, last, *near]:
        if 0 < number <= last and _lines(chosen | {number}, last) <= most:
            chosen.add(number)
    return sorted(chosen)


def _spoken_of(timeline: Timeline) -> list[int]:
    """Return the numbers of lines in what explains the picture: `line 4`, and `4 before 1`."""
    said = [timeline.why, *(moment.remark for moment in timeline.moments)]
    found = [number for text in said for number in re.findall(r"\bline (\d{1,4})\b", text)]
    return [int(number) for number in found + re.findall(r"\b\d{1,4}\b", timeline.nearest)]


def _lines(chosen: set[int], last: int) -> int:
    return len(chosen) + sum(after - before > 1 for before, after in pairwise([0, *sorted(chosen), last + 1]))


def with_gaps(numbers: Sequence[int], last: int) -> Iterator[int | range]:
    """Yield the numbers in order, and between them the ranges of those that are left out."""
    for before, number in pairwise([0, *numbers, last + 1]):
        if number - before > 1:
            yield range(before + 1, number)
        if number <= last:
            yield number


def left_out(gone: range) -> str:
    """Return how many are left out."""
    return f"{len(gone)} {'line' if len(gone) == 1 else 'lines'} left out"


def short(place: Place, columns: int) -> str:
    """Return the place with as many of its folders as fit."""
    text, folders = str(place), place.file.count("/")
    shorter = ["…/" + text.split("/", gone)[-1] for gone in range(1, folders + 1)]
    return next((each for each in [text, *shorter] if width(each) <= columns), "…" + end_of(text, columns - 1))


def place_of(timeline: Timeline) -> Place | None:
    """Return where in the code it went wrong."""
    return next((moment.place for moment in timeline.moments if moment.bad and moment.place), None)


def name_of(lane: Lane) -> str:
    """Return who acts in a lane: its label up to the first ` · `."""
    return lane.label.partition(" · ")[0]


def in_words(timeline: Timeline) -> Iterator[str]:
    """Yield the schedule as sentences, in the order of time, for those who do not see the picture."""
    waits = waits_of(timeline)
    for lane in timeline.lanes:
        yield f"{lane.label}." if not lane.outcome else f"{lane.label}: ended with {lane.outcome}."
    for number in with_gaps(kept(timeline, MOST_DRAWN), len(timeline.moments)):
        if isinstance(number, range):
            yield f"{left_out(number)}."
            continue
        yield _in_words(timeline, number, waits)
    if timeline.why:
        yield timeline.why
    if timeline.nearest:
        yield f"Nearest good order: {timeline.nearest}"
    if timeline.explored:
        yield timeline.explored


def _in_words(timeline: Timeline, number: int, waits: tuple[Wait, ...]) -> str:
    moment = timeline.moments[number - 1]
    who = name_of(timeline.lanes[moment.lane])
    parts = [f"Line {number}, {who}{', fault' if moment.fault else ''}: {moment.text}"]
    result = result_of(moment, number, waits)
    wait = next((wait for wait in waits if wait.start == number), None)
    if wait:
        parts.append(f"waits until line {wait.end}" + (f", then: {wait.note}" if wait.note else ""))
    elif result:
        parts.append(f"result: {result.removeprefix('→ ')}")
    if moment.place:
        parts.append(f"at {moment.place}")
    if moment.bad:
        parts.append("here it went wrong" + (f": {moment.remark}" if moment.remark else ""))
    return _sentence("; ".join(parts))
