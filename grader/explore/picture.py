"""From a run to the timeline that a learner is shown: each step in its lane, what it saw, and where it went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grader.explore.anomaly import anomaly
from grader.explore.values import Mode, Phase
from grader.explore.wording import Reading, note_of, reading, text_of_step
from grader.verdict import Lane, Moment, Place, Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.explore.crash import Fault
    from grader.explore.values import Event, Run, Step
    from grader.wire import Statement


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of a run beside its events: the lanes' labels, what the wire saw, and what was found wrong."""

    title: str
    labels: tuple[str, ...]
    statements: Mapping[Step, tuple[Statement, ...]] = field(default_factory=dict)
    seen: str = ""
    outcomes: tuple[str, ...] = ()
    names: str = "ABC"
    """Whose lanes they are, a letter each."""


def picture_of_run(scene: Scene, run: Run, nearest: tuple[Event, Event, Run] | None, explored: str) -> Timeline:
    """Draw a run; `nearest` is the pair of events whose other order makes it right, and the run in which it did."""
    events = events_of(run)
    numbers = {id(event): number for number, event in enumerate(events, 1)}
    moments = moments_of(scene, events)
    why, hint = scene.seen, ""
    if nearest is not None:
        first, second, _ = nearest
        at = [_number(events, event) for event in (first, second)]
        wrong = _went_wrong(events, first, second)
        number = numbers[id(wrong)]
        remark = f"rests on line {at[0]}; line {at[1]} changed that since" if number not in at else ""
        moments[number - 1] = replace(moments[number - 1], bad=True, remark=remark)
        hint = f"{at[1]} before {at[0]}"
        if number not in at:
            who, other = wrong.actor[0], second.actor[0]
            rests = f"{who}'s line {number} rests on what line {at[0]} saw; {other} changed that in line {at[1]}."
            why = f"{rests} {_sentence(why)}"
    elif moments:
        moments[-1] = replace(moments[-1], bad=True)
    return Timeline(
        title=scene.title,
        lanes=_lanes(scene),
        moments=tuple(moments),
        anomaly=anomaly(run),
        why=_sentence(why),
        nearest=hint,
        explored=explored,
    )


def picture_of_crash(scene: Scene, steps: Sequence[Statement], fault: Fault | None, retried: str) -> Timeline:
    """Draw a request that was hit by a fault at one of its steps, or by none; `retried` is the retry, if there was one.

    The retry has the scene's second lane.
    Where no fault was needed, what went wrong last is marked.
    """
    moments = []
    read = reading(steps)
    for number, statement in enumerate(steps, 1):
        struck = fault if fault is not None and number == fault.index else None
        lost = struck is not None and struck.place == "before"
        if struck and lost:
            moments.append(Moment(0, struck.told.replace("before it", "before the next line"), fault=True, bad=True))
        note = "never sent" if lost else note_of((statement,), read.changed)
        moments.append(Moment(0, read.text_of((statement,)), note, _place(statement)))
        if struck and not lost:
            moments.append(Moment(0, struck.told, fault=True, bad=True))
    if retried:
        moments.append(Moment(1, retried))
    if fault is None and moments:
        moments[-1] = replace(moments[-1], bad=True)
    return Timeline(title=scene.title, lanes=_lanes(scene), moments=tuple(moments), why=_sentence(scene.seen))


def events_of(run: Run) -> list[Event]:
    """Return the events of a run that are drawn, in order."""
    return [event for event in run.events if event.phase is not Phase.COMPLETE or not _went_on_at_once(run, event)]


def moments_of(scene: Scene, events: Sequence[Event]) -> list[Moment]:
    """Return events as they are drawn, one to each."""
    ended = {event.step: event for event in events}  # the last event of each: of a step that waited its end
    read = reading(one for e in events if ended[e.step] is e for one in scene.statements.get(e.step, ()))
    return [_moment(scene, event, events, read) for event in events]


def _moment(scene: Scene, event: Event, events: Sequence[Event], read: Reading) -> Moment:
    statements = scene.statements.get(event.step, ())
    lane = scene.names.index(event.actor[0])
    text = read.text_of(statements) or text_of_step(event.step)
    site = event.step.site
    place = Place(site.file, site.line) if site else None
    if event.phase is Phase.RELEASE:
        on = next((n for n, other in enumerate(events, 1) if other.step is event.step and other is not event), None)
        return Moment(lane, text, "waits", place, waited_until=on)
    return Moment(lane, text, note_of(statements, read.changed) if statements else "", place)


def _went_on_at_once(run: Run, event: Event) -> bool:
    """Whether a waiting step went on in the decision in which it began to wait, so that one line tells it all."""
    return (
        any(
            event in decision.events and any(e.step is event.step and e.phase is Phase.RELEASE for e in decision.events)
            for decision in run.decisions
        )
        and event.error is None
    )


def _went_wrong(events: Sequence[Event], first: Event, second: Event) -> Event:
    """Return the write of the one who saw too early, after the other's change; else the later of the two."""
    behind = events[_number(events, second) :]
    writes = (
        e for e in behind if e.actor[0] == first.actor[0] and any(a.mode > Mode.SHARE for a in e.footprint.accesses)
    )
    return next(writes, second)


def _number(events: Sequence[Event], wanted: Event) -> int:
    return next(
        (n for n, e in enumerate(events, 1) if (e.step, e.phase) == (wanted.step, wanted.phase)),
        next((n for n, e in enumerate(events, 1) if e.step == wanted.step), len(events)),
    )


def _lanes(scene: Scene) -> tuple[Lane, ...]:
    outcomes = (*scene.outcomes, *[""] * len(scene.labels))
    return tuple(Lane(label, outcome) for label, outcome in zip(scene.labels, outcomes, strict=False))


def _place(statement: Statement) -> Place | None:
    return Place(statement.site.file, statement.site.line) if statement.site else None


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?' else '.'}" if text else ""
