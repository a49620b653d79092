"""The field's name for what went wrong in a run, from who read and wrote what, and when it became visible.

Berenson and others: A Critique of ANSI SQL Isolation Levels, SIGMOD 1995; Fekete and others on write skew, TODS 2005.
A request may use several transactions: what it read in one and wrote in another is a lost update all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations, product
from typing import TYPE_CHECKING

from grader.explore.order import DEADLOCK
from grader.explore.values import Access, Event, Mode, Phase
from grader.wire import Category

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from grader.explore.values import Run, Step

OVER = {Mode.CHANGE, Mode.REMOVE}
WRITES = {Mode.APPEND, *OVER}
LOCKS = {Mode.KEY_SHARE, Mode.SHARE, *OVER}


@dataclass(frozen=True, slots=True)
class Deed:
    """Something read or written; times are positions among the run's events."""

    access: Access
    at: int
    transaction: int
    """Time of the first event of its transaction, which no other's is."""
    shown: int = 0
    """When others could see what was written."""


@dataclass(slots=True)
class Deeds:
    """What one request read, and what it wrote and committed."""

    reads: list[Deed] = field(default_factory=list)
    writes: list[Deed] = field(default_factory=list)

    def latest(self, access: Access, until: int) -> Deed | None:
        """Return the last time that it read some of this up to a moment."""
        reads = [read for read in self.reads if read.at <= until and meet(read.access, access)]
        return max(reads, key=lambda read: read.at, default=None)


def anomaly(run: Run) -> str:
    """Return the name of the anomaly in a run, the most telling where it has several; empty where it has none."""
    events = run.events
    requests = list(_deeds(events).values())
    for name, found in _BETWEEN_TWO.items():
        if any(found(one, other) for one, other in permutations(requests, 2)):
            return name
    if any(event.error == DEADLOCK for event in events):
        return "deadlock"
    for name, same in (("read skew", False), ("non-repeatable read", True)):
        if any(_torn(one, other, same=same) for one, other in permutations(requests, 2)):
            return name
    return ""


def meet(one: Access, other: Access) -> bool:
    """Whether two accesses may be to the same rows: of one thing, and no column has another value."""
    if one.thing != other.thing:
        return False
    values = dict(part.split("=", 1) for part in one.key or () if "=" in part)
    others = dict(part.split("=", 1) for part in other.key or () if "=" in part)
    return all(values[column] == others[column] for column in values.keys() & others.keys())


def _lost_update(one: Deeds, other: Deeds) -> bool:
    """The other writes over the first's commit what it had read before it."""
    return any(
        (read := other.latest(over.access, over.at)) and meet(read.access, write.access) and read.at < write.shown
        for write, over in product(_of(one.writes, OVER), _of(other.writes, OVER))
        if meet(write.access, over.access) and write.shown < over.at
    )


def _double_insert(one: Deeds, other: Deeds) -> bool:
    """Each looked before it added, and could not see what the other added."""
    return any(
        mine.access.thing == theirs.access.thing and _unseen(one, mine, theirs) and _unseen(other, theirs, mine)
        for mine, theirs in product(_of(one.writes, {Mode.APPEND}), _of(other.writes, {Mode.APPEND}))
    )


def _write_skew(one: Deeds, other: Deeds) -> bool:
    """Each wrote what the other had read before, and they wrote different things."""
    return any(
        not meet(mine.access, theirs.access) and _unseen(one, mine, theirs) and _unseen(other, theirs, mine)
        for mine, theirs in product(one.writes, other.writes)
    )


def _unseen(reader: Deeds, mine: Deed, theirs: Deed) -> bool:
    """Whether what the reader knew of the other's rows, when it wrote, was from before they could be seen."""
    read = reader.latest(theirs.access, mine.at)
    return read is not None and read.at < theirs.shown


def _torn(one: Deeds, other: Deeds, *, same: bool) -> bool:
    """One transaction read before and after the other's commit what that wrote: the same thing, or two."""
    return any(
        first.transaction == second.transaction
        and first.at < before.shown < second.at
        and before.transaction == after.transaction
        and meet(first.access, before.access)
        and meet(second.access, after.access)
        and meet(first.access, second.access) is same
        for first, second in product(one.reads, repeat=2)
        for before, after in product(other.writes, repeat=2)
    )


_BETWEEN_TWO: dict[str, Callable[[Deeds, Deeds], bool]] = {
    "lost update": _lost_update,
    "double insert": _double_insert,
    "write skew": _write_skew,
}


def _of(deeds: Iterable[Deed], modes: set[Mode]) -> list[Deed]:
    return [deed for deed in deeds if deed.access.mode in modes]


@dataclass(slots=True)
class _Transaction:
    """What one transaction did so far, and when."""

    start: int
    deeds: Deeds
    snapshot: int | None = None
    failed: bool = False
    reads: list[tuple[Access, int]] = field(default_factory=list)
    writes: list[tuple[Access, int]] = field(default_factory=list)

    def add(self, event: Event, released: int, at: int) -> None:
        """Note a step that was let go at `released` and done at `at`.

        What it locked or changed it looked at again when it had it; the rest it saw when it was let go.
        """
        if event.footprint.snapshot:
            self.snapshot = released
        accesses = {access for access in event.footprint.accesses if not access.thing.startswith("unique ")}
        looks = _looks(event.step)
        locked = {access for access in accesses if access.mode in (LOCKS if looks else OVER)}
        for access in accesses:
            if access.mode is Mode.READ and not any(meet(access, other) for other in locked):
                self.reads.append((access, released if self.snapshot is None else self.snapshot))
        if looks:
            self.reads += [(access, at) for access in locked]
        elif event.rows or event.step.service != "postgres":
            self.writes += [(access, at) for access in accesses if access.mode in WRITES]

    def undo(self, accesses: frozenset[Access]) -> None:
        """Go back to a savepoint."""
        self.failed = False
        self.writes = [(access, at) for access, at in self.writes if access not in accesses]

    def close(self, shown: int | None) -> None:
        """Note its deeds as the request's; what it wrote is shown to others at this moment, or never."""
        if self.failed:
            return
        self.deeds.reads += [Deed(access, at, self.start) for access, at in self.reads]
        if shown is not None:
            self.deeds.writes += [Deed(access, at, self.start, shown) for access, at in self.writes]


def _looks(step: Step) -> bool:
    """Whether it only reads, or locks what it reads."""
    return step.service == "postgres" and all(text.lstrip(" \n(").upper().startswith("SELECT") for text in step.texts)


def _deeds(events: list[Event]) -> dict[str, Deeds]:
    """Return what each request read and wrote in transactions that did not fail."""
    requests: dict[str, Deeds] = {}
    released: dict[tuple[str, int], int] = {}
    open_: dict[tuple[str, str, str], _Transaction] = {}
    for at, event in enumerate(events):
        start = released.setdefault((event.actor, event.step.index), at)
        deeds = requests.setdefault(event.actor.rstrip("0123456789"), Deeds())
        if event.phase is Phase.RELEASE:
            continue
        connection = (event.actor, event.step.session, event.step.service)
        transaction = open_.setdefault(connection, _Transaction(start, deeds))
        if event.error:
            transaction.failed = True
        else:
            transaction.add(event, start, at)
        back = event.step.category is Category.ROLLBACK
        if back and " TO " in event.step.texts[0].upper():
            transaction.undo(event.footprint.published)
        elif event.footprint.ends or event.step.service != "postgres":
            open_.pop(connection).close(None if back else at)
    for transaction in open_.values():
        transaction.close(None)
    return requests
