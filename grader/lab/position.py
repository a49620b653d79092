"""Where a game stands: what has happened, what is held, what is committed, and how it ended. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.crash import Fault
from grader.explore.picture import moments_of
from grader.explore.values import Phase
from grader.explore.wording import shortened, text_of_step
from grader.verdict import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.explore.picture import Scene
    from grader.explore.values import Event, Step
    from grader.lab.rows import Table


@dataclass(frozen=True, slots=True)
class Move:
    """What a player does: lets an actor's step go, or has a fault come to it."""

    actor: str
    """`A`, or `A2` where the request holds steps on several connections."""
    verb: str = ""
    """`cut` or `kill`; empty where the step simply goes."""
    place: str = "before"
    """`before` the step, or `after` it."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that came to a step, after so many events of the run."""

    move: Move
    step: Step
    events: int

    @property
    def fault(self) -> Fault:
        """The fault as tokens name it."""
        return Fault(self.move.verb, self.move.place, self.step.index)

    @property
    def told(self) -> str:
        """What was done, in a sentence."""
        what = "connection was cut" if self.move.verb == "cut" else "process was killed"
        step = shortened(text_of_step(self.step))
        when = f"before {step} was sent" if self.move.place == "before" else f"after {step} had run, its reply lost"
        return f"{self.step.actor[0]}'s {what} {when}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A step that is held."""

    actor: str
    text: str
    place: Place | None

    @classmethod
    def of(cls, step: Step) -> Standing:
        """Return how a step stands at its gate."""
        return cls(step.actor, text_of_step(step), Place(step.site.file, step.site.line) if step.site else None)


@dataclass(frozen=True, slots=True)
class Seat:
    """One request: what it holds, what it waits for, or what it was answered."""

    name: str
    told: str
    """The request in a line."""
    standing: tuple[Standing, ...] = ()
    waiting: tuple[Standing, ...] = ()
    sleeps: bool = False
    """It has no step to take before its time goes on, which it does when it is chosen."""
    answer: str = ""
    """The status, or that there was none; empty while it is under way."""

    @property
    def may_go(self) -> bool:
        """Whether it can be chosen."""
        return bool(self.standing) or self.sleeps


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in the lane with this number; `bars` are the lanes that wait meanwhile."""

    lane: int
    text: str
    note: str = ""
    place: Place | None = None
    fault: bool = False
    bars: frozenset[int] = frozenset()
    went_on: bool = False
    """It had waited for another, and went on now."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a run ended; `broken` is None where the check does not judge it."""

    broken: bool | None
    seen: str
    expected: str = ""
    anomaly: str = ""
    why: str = ""
    """What explains it, where it was looked for: which line rests on which, and the nearest good order."""
    retried: str = ""
    """What the retry was answered, where there was one."""
    token: str = ""
    printed: tuple[str, ...] = ()
    """What the service printed of it, in a few lines."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a game stands."""

    seats: tuple[Seat, ...] = ()
    lines: tuple[Line, ...] = ()
    tables: tuple[Table, ...] | None = ()
    """What is committed; None where it cannot be read now."""
    first: tuple[Table, ...] = ()
    """What was committed in the beginning."""
    plan: tuple[Move, ...] = ()
    """The moves to come, where the worst is played step by step."""
    ruling: Ruling | None = None
    remark: str = ""
    """Why the last move came to nothing."""
    moves: tuple[Move, ...] = field(default=())


def lines_of(scene: Scene, events: Sequence[Event], strikes: Sequence[Strike], names: str) -> Iterator[Line]:
    """Yield what happened, the faults among it, in order; the lanes are those of the actors `names`."""
    moments = moments_of(scene, events)
    bars: frozenset[int] = frozenset()
    for number in range(len(events) + 1):
        for strike in strikes:
            if strike.events == number and strike.move.place == "before":
                yield from _struck_before(strike, names.index(strike.step.actor[0]), bars)
        if number == len(events):
            return
        event, moment = events[number], moments[number]
        lane = moment.lane
        went_on = event.phase is Phase.COMPLETE
        bars = bars - {lane} if went_on else bars
        yield Line(lane, moment.text, moment.note, moment.place, bars=bars, went_on=went_on)
        bars = bars | {lane} if event.phase is Phase.RELEASE else bars
        for strike in strikes:
            if strike.step is event.step and event.phase is not Phase.RELEASE:
                yield Line(lane, "cut after it: the reply is lost", fault=True, bars=bars)


def _struck_before(strike: Strike, lane: int, bars: frozenset[int]) -> Iterator[Line]:
    standing = Standing.of(strike.step)
    told = "cut before the next line" if strike.move.verb == "cut" else "killed before the next line"
    yield Line(lane, told, fault=True, bars=bars)
    yield Line(lane, standing.text, "never sent", standing.place, bars=bars)
