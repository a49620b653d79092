"""A small database in memory, and programs for it, to search without a server.

Reads see what is committed and wait for nobody. Changes and locks are taken on whole things, in the order of asking,
and kept until the transaction ends. Who closes a circle of waits dies: its transaction is undone, its program is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from grader.explore.values import Access, Decision, Event, Footprint, Held, Mode, Phase, Run, Step
from grader.wire import Category

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence


class Do(StrEnum):
    """What one step does."""

    READ = "SELECT"
    LOCK = "SELECT … FOR UPDATE"
    SHARE = "SELECT … FOR SHARE"
    WRITE = "UPDATE"
    ADD = "INSERT"
    CHECK = "SELECT count"
    """Reads, and goes straight to the program's last step where somebody has written the thing."""
    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, slots=True)
class Op:
    """One step of a program; `alone` is a transaction of its own."""

    do: Do
    thing: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of one actor; it comes to its first gate when the step `after` (actor, index) of another is done."""

    ops: tuple[Op, ...]
    after: tuple[str, int] | None = None


LOCKS = {Do.LOCK: Mode.REMOVE, Do.SHARE: Mode.SHARE, Do.WRITE: Mode.CHANGE, Do.ADD: Mode.APPEND}
WRITES = {Mode.CHANGE, Mode.APPEND}
SHARED = {Mode.SHARE, Mode.APPEND}


def excludes(one: Mode, other: Mode) -> bool:
    """Whether two transactions cannot both hold a thing so."""
    return one != other or one not in SHARED


@cache
def dependent(one: Footprint, other: Footprint) -> bool:
    """Locks meet locks that they exclude; what an end lets go or publishes meets all but what it shares."""
    return _touch(one, other) or _touch(other, one) or _ask(one, other)


def _ask(one: Footprint, other: Footprint) -> bool:
    return any(
        a.thing == b.thing and Mode.READ not in {a.mode, b.mode} and excludes(a.mode, b.mode)
        for a in one.accesses
        for b in other.accesses
    )


def _touch(end: Footprint, other: Footprint) -> bool:
    return any(
        a.thing == b.thing and (a.mode in WRITES if b.mode is Mode.READ else excludes(a.mode, b.mode))
        for a in end.published
        for b in other.accesses
    )


@dataclass(slots=True)
class _Actor:
    program: Program
    next: int = 0
    locks: set[tuple[str, Mode]] = field(default_factory=set)
    written: list[tuple[str, Do, object]] = field(default_factory=list)
    saw: list[object] = field(default_factory=list)
    waiting: bool = False
    over: bool = False


class Simulator:
    """One run of some programs, named A, B, C."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.actors = {"ABC"[n]: _Actor(program) for n, program in enumerate(programs)}
        self.values: dict[str, tuple[object, frozenset[object]]] = {}
        """What was committed of each thing: the last change, and what was added."""
        self.queues: dict[str, list[str]] = {}
        self.done: set[tuple[str, int]] = set()

    @property
    def outcome(self) -> Hashable:
        """All that was written and read."""
        return (
            frozenset(self.values.items()),
            tuple((name, tuple(actor.saw)) for name, actor in self.actors.items()),
        )

    def held(self) -> tuple[Held, ...]:
        """Return the steps that stand at their gates."""
        return tuple(
            Held(self._step(name), self._footprint(name))
            for name, actor in self.actors.items()
            if not actor.waiting
            and not actor.over
            and (actor.program.after is None or actor.program.after in self.done)
        )

    def let(self, name: str) -> Decision:
        """Let one step go."""
        held, waiting = self.held(), tuple(n for n, actor in self.actors.items() if actor.waiting)
        actor, step, footprint = self.actors[name], self._step(name), self._footprint(name)
        op = actor.program.ops[actor.next]
        mode = LOCKS.get(op.do)
        if mode and self._blockers(name, op.thing, mode):
            self.queues.setdefault(op.thing, []).append(name)
            actor.waiting = True
            came = [Event(step, Phase.RELEASE, footprint)]
            if self._in_circle(name):
                came.append(self._die(name))
        else:
            self._do(name)
            came = [Event(step, Phase.WHOLE, footprint, rows=1)]
        return Decision(held, name, (*came, *self._go_on()), waiting)

    def _die(self, name: str) -> Event:
        actor = self.actors[name]
        step, footprint = self._step(name), self._end(self._footprint(name), actor, set())
        self.queues[actor.program.ops[actor.next].thing].remove(name)
        actor.waiting, actor.over = False, True
        actor.written.clear()
        actor.locks.clear()
        return Event(step, Phase.COMPLETE, footprint, error="40P01", forced=True)

    def _go_on(self) -> Iterator[Event]:
        """Grant what can be granted, and yield the completions by actor."""
        events = []
        while name := self._grantable():
            step, footprint = self._step(name), self._footprint(name)
            actor = self.actors[name]
            self.queues[actor.program.ops[actor.next].thing].remove(name)
            actor.waiting = False
            self._do(name)
            events.append(Event(step, Phase.COMPLETE, footprint, rows=1, forced=True))
        yield from sorted(events, key=lambda event: event.actor)

    def _grantable(self) -> str | None:
        for name in sorted(name for queue in self.queues.values() for name in queue):
            op = self.actors[name].program.ops[self.actors[name].next]
            if not self._blockers(name, op.thing, LOCKS[op.do]):
                return name
        return None

    def _blockers(self, name: str, thing: str, mode: Mode) -> list[str]:
        """Return who holds the thing, or asked for it before, so that this one has to wait."""
        queue = self.queues.get(thing, [])
        before = queue[: queue.index(name)] if name in queue else queue
        if any(
            held == thing and not (mine in SHARED and excludes(mine, mode)) for held, mine in self.actors[name].locks
        ):
            return []
        holders = [
            n
            for n, actor in self.actors.items()
            if n != name and any(held == thing and excludes(theirs, mode) for held, theirs in actor.locks)
        ]
        asked = [n for n in before if excludes(LOCKS[self.actors[n].program.ops[self.actors[n].next].do], mode)]
        return holders + asked

    def _in_circle(self, name: str) -> bool:
        seen: set[str] = set()
        todo = [name]
        while todo:
            actor = self.actors[at := todo.pop()]
            if actor.waiting:
                op = actor.program.ops[actor.next]
                blockers = set(self._blockers(at, op.thing, LOCKS[op.do]))
                todo += blockers - seen
                seen |= blockers
        return name in seen

    def _do(self, name: str) -> None:
        actor = self.actors[name]
        op = actor.program.ops[actor.next]
        if op.do in LOCKS:
            actor.locks.add((op.thing, LOCKS[op.do]))
        if op.do in {Do.READ, Do.CHECK, Do.LOCK, Do.SHARE, Do.WRITE}:
            actor.saw.append((op.thing, self.values.get(op.thing)))
        if op.do in {Do.WRITE, Do.ADD}:
            actor.written.append((op.thing, op.do, (name, actor.next, tuple(actor.saw))))
        if op.alone or op.do in {Do.COMMIT, Do.ROLLBACK}:
            for thing, do, value in actor.written if op.do is not Do.ROLLBACK else ():
                change, added = self.values.get(thing, (None, frozenset()))
                self.values[thing] = (value, added) if do is Do.WRITE else (change, added | {value})
            actor.written.clear()
            actor.locks.clear()
        self.done.add((name, actor.next + 1))
        jump = op.do is Do.CHECK and self.values.get(op.thing)
        actor.next = max(len(actor.program.ops) - 1, actor.next + 1) if jump else actor.next + 1
        actor.over = actor.next == len(actor.program.ops)

    def _step(self, name: str) -> Step:
        actor = self.actors[name]
        return _step(name, actor.next + 1, actor.program.ops[actor.next])

    def _footprint(self, name: str) -> Footprint:
        actor = self.actors[name]
        op = actor.program.ops[actor.next]
        accesses = set()
        if op.do in LOCKS:
            accesses.add(Access(op.thing, LOCKS[op.do]))
        if op.do not in {Do.COMMIT, Do.ROLLBACK, Do.ADD}:
            accesses.add(Access(op.thing, Mode.READ))
        footprint = Footprint(frozenset(accesses))
        if op.alone or op.do in {Do.COMMIT, Do.ROLLBACK}:
            touched = {Access(thing, LOCKS[do]) for thing, do, _ in actor.written}
            touched |= {access for access in accesses if access.mode is not Mode.READ}
            return self._end(footprint, actor, touched)
        return footprint

    def _end(self, footprint: Footprint, actor: _Actor, touched: set[Access]) -> Footprint:
        """Return the footprint where the step ends the transaction, and lets go what it has touched and held."""
        held = {Access(thing, mode) for thing, mode in actor.locks}
        return Footprint(footprint.accesses, frozenset(held | touched), ends=True)


@cache
def _step(name: str, index: int, op: Op) -> Step:
    category = Category(op.do.lower()) if op.do in {Do.COMMIT, Do.ROLLBACK} else Category.STATEMENT
    return Step(name, index, "postgres", (f"{op.do} {op.thing}".strip(),), ((),), category)


def run(programs: Sequence[Program], choose: Callable[[Run, Sequence[Held]], str | None]) -> tuple[Run, Simulator]:
    """Run the programs as chosen, until all are over or nobody is chosen."""
    made, simulator = Run(), Simulator(programs)
    while held := simulator.held():
        chosen = choose(made, held)
        if chosen is None:
            return made, simulator
        made.decisions.append(simulator.let(chosen))
    made.finished = True
    return made, simulator


def follow(programs: Sequence[Program], schedule: Sequence[str]) -> tuple[Run, Simulator]:
    """Run the programs by a schedule, and by name where it has ended."""
    return run(
        programs,
        lambda made, held: schedule[len(made.decisions)] if len(made.decisions) < len(schedule) else held[0].actor,
    )


def all_runs(programs: Sequence[Program]) -> Iterator[tuple[Run, Simulator]]:
    """Yield the run of every schedule there is."""
    todo: list[tuple[str, ...]] = [()]
    while todo:
        prefix = todo.pop()
        made, simulator = follow(programs, prefix)
        yield made, simulator
        for number, decision in enumerate(made.decisions[len(prefix) :], len(prefix)):
            todo += [(*made.schedule[:number], h.actor) for h in decision.held if h.actor != decision.chosen]
