"""What exploring speaks of: steps, events, decisions, runs. Plain values, made by the controller, read by the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.wire import CallSite, Category


class Mode(IntEnum):
    """How a step touches an object, from weak to strong."""

    READ = 0
    """Sees what is committed, and waits for nobody."""
    KEY_SHARE = 1
    """Locks a row against a change of its key or its removal, as a foreign key's check does."""
    SHARE = 2
    APPEND = 3
    """Adds rows; two of them are independent unless a unique key may be equal, which is an access of its own."""
    CHANGE = 4
    """Changes or locks rows, their keys left alone (FOR NO KEY UPDATE)."""
    REMOVE = 5
    """Removes rows, changes their keys, or locks them against everything (FOR UPDATE)."""
    EXCLUSIVE = 6
    """Whatever conflicts with everything: DDL, LOCK TABLE, an advisory lock, a sequence that is set."""


@dataclass(frozen=True, slots=True)
class Access:
    """One object that a step touches.

    `thing` names it: `table public.books`, `unique books_isbn_key`, `advisory 42`, `redis cart:7`, `http`.
    `key` narrows a table or a unique key to the rows with these values; None is all of them.
    """

    thing: str
    mode: Mode
    key: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """All that a step may depend on or change, as far as can be told before it runs."""

    accesses: frozenset[Access] = frozenset()
    published: frozenset[Access] = frozenset()
    """What becomes visible, or is let go, when the step ends a transaction: COMMIT, ROLLBACK, autocommit."""
    ends: bool = False
    """It ends a transaction, or the effect of what is in `published` as ROLLBACK TO does."""
    snapshot: bool = False
    """It takes the snapshot of a whole transaction: it depends on every end that published a write."""
    serializable: bool = False
    """Its transaction is SERIALIZABLE: a read and a write of one table are dependent before any COMMIT."""
    deferred: bool = False
    """Deferred constraints are checked at its end: two such ends are dependent."""
    opaque: bool = False
    """It could not be understood: it depends on everything of the same service."""
    service: str = "postgres"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an actor, as it stands at its gate."""

    actor: str
    """`A`, `B`, `C`; a further connection of the same request that holds a step at the same time is `A2`."""
    index: int
    """Position among the steps of the actor, from 1."""
    service: str
    """`postgres`, `redis` or `http`."""
    texts: tuple[str, ...]
    """The statements of the step; several only where one Sync ends several Executes."""
    parameters: tuple[tuple[str | bytes | None, ...], ...]
    category: Category
    """That of the first statement."""
    site: CallSite | None = None
    session: str = ""
    """Names the connection it goes over, for this run alone."""


class Phase(StrEnum):
    """Whether a step was done at once, or waited for another."""

    WHOLE = "whole"
    RELEASE = "release"
    """Released and found waiting; its snapshot is taken."""
    COMPLETE = "complete"
    """Went on, and was done, when what it waited for had ended."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run."""

    step: Step
    phase: Phase
    footprint: Footprint
    error: str | None = None
    """SQLSTATE, or the first word of Redis's error, where the step is done and ended in one."""
    rows: int = 0
    forced: bool = False
    """It followed from the event before it, and could not have come sooner: a waiting step that went on."""

    @property
    def actor(self) -> str:
        """The actor whose step it is."""
        return self.step.actor


@dataclass(frozen=True, slots=True)
class Held:
    """A step at its gate, with what it would touch if it were released now."""

    step: Step
    footprint: Footprint

    @property
    def actor(self) -> str:
        """The actor whose step it is."""
        return self.step.actor


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice of a run: the steps that stood at their gates, the actor that was let go, and what came of it.

    The first event is the chosen step's own, WHOLE or RELEASE; events of steps that went on because of it follow.
    `waiting` names the actors whose released steps had not come back before the choice.
    """

    held: tuple[Held, ...]
    chosen: str
    events: tuple[Event, ...]
    waiting: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One schedule as it was run."""

    decisions: list[Decision] = field(default_factory=list)
    finished: bool = False
    """Every request was answered; False where the run was given up because its class had been seen."""
    ambiguous: bool = False
    """Postgres chose which of several waiting steps went on first, so that the schedule does not say it all."""

    @property
    def events(self) -> list[Event]:
        """All events in the order in which they happened."""
        return [event for decision in self.decisions for event in decision.events]

    @property
    def schedule(self) -> tuple[str, ...]:
        """The actors in the order in which they were let go."""
        return tuple(decision.chosen for decision in self.decisions)
