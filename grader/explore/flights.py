"""Steps on their way from a gate to their answers, and knowing when all is at rest.

Nothing is measured in time. An actor is at rest when its process sleeps and what it sent has come back, stands at its
gate, or waits for a lock that another holds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.independence import meet
from grader.explore.passing import halted, traffic_of
from grader.explore.rest import Deadline, Motion
from grader.explore.session import Session
from grader.explore.values import Held, Mode, Step
from grader.wire import Category, Cut
from grader.wire.redis.blocking import may_wait

if TYPE_CHECKING:
    from grader.explore.bench import Actor, Bench
    from grader.explore.catalogue import Catalogue
    from grader.wire import Statement
    from grader.wire.proxy import Proxy

SECONDS = 10.0
"""What a run may take in which nothing moves, before it is called stuck."""
DEADLOCK_SECONDS = 0.02
"""Longer than the server's deadlock_timeout: a waiting step has looked for a deadlock by then."""


@dataclass(slots=True, eq=False)
class Flight:
    """A step from its gate to its answer."""

    actor: Actor
    wire: Proxy
    session: Session
    statement: Statement
    permission: asyncio.Future[None]
    step: Step | None = None
    held: Held | None = None
    released: bool = False
    may_wait: bool = False
    """It takes a lock while another holds a transaction open."""
    waits: bool = False
    """It was found waiting for a lock; the event of its release stands in the run."""
    since: float = 0.0
    over: bool = False

    def let_go(self) -> None:
        """Open its gate, if it is not open."""
        if not self.released:
            self.released = True
            self.since = asyncio.get_running_loop().time()
            if not self.permission.done():
                self.permission.set_result(None)


@dataclass(slots=True)
class _Names:
    """Which actor a connection speaks for, where a request uses several at once."""

    of_session: dict[Session, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    sessions: dict[Session, str] = field(default_factory=dict)


class Flights:
    """The steps of all actors of a bench, one run after the other."""

    def __init__(self, bench: Bench, catalogue: Catalogue) -> None:
        self.all: list[Flight] = []
        """Those of the run that are not over, or whose end has not been taken note of."""
        self.motion = Motion(lambda: halted(bench.actors))
        self._bench = bench
        self._catalogue = catalogue
        self._sessions: dict[tuple[str, str, int], Session] = {}
        self._names = _Names()
        self._actors = list(bench.actors)
        """In front the one that was not at rest when it was last looked at."""
        self._gated = False
        self._several = False
        """A request has used several connections at once."""
        self._seen = len(bench.recorder.statements)
        """How many of the recorder's statements have been looked at."""

    def begin(self) -> None:
        """Forget the last run, and hold every step from now on."""
        self.follow_noise()
        self._bench.recorder.clear()
        self._seen = 0
        begun = self._begun()
        for key, session in self._sessions.items():
            if key not in begun:
                session.rest()
        self._names, self.all, self._gated = _Names(), [], True
        for actor in self._bench.actors:
            actor.call_when_asleep(self.motion.wake)
            for wire in actor.wires:
                self._attend(actor, wire)

    def _begun(self) -> set[tuple[str, str, int]]:
        """Return the connections on which a loop has begun the transaction of its round: something has woken it."""
        return {
            (name, service, connection)
            for name, service, connection in self._sessions
            for actor in self._bench.actors
            if actor.loops and actor.name == name and service == "postgres"
            for wire in actor.wires
            if wire.status_of(connection) != "I"
        }

    def open_gates(self) -> None:
        """Hold nothing any more."""
        self._gated = False
        for flight in self.all:
            flight.let_go()

    def leave(self) -> None:
        """Attend to the wires no longer."""
        for actor in self._bench.actors:
            actor.call_when_asleep(None)
            for wire in actor.wires:
                wire.gate = wire.reply_gate = wire.done = None

    def _attend(self, actor: Actor, wire: Proxy) -> None:
        async def gate(statement: Statement) -> None:
            if not self._gated:
                return
            permission = asyncio.get_running_loop().create_future()
            flight = Flight(actor, wire, self._session(statement), statement, permission)
            self.all.append(flight)
            self.motion.note()
            try:
                await permission
            except (asyncio.CancelledError, Cut):  # its client left, or is to be lost
                flight.over = True
                self.motion.note()
                raise

        def done(statement: Statement) -> None:
            for flight in self.all:
                if flight.statement is statement:
                    flight.over = True
            self.motion.note(wakes=not actor.single)  # what it does with the answer will be seen

        wire.gate, wire.done = gate, done

    def _session(self, statement: Statement) -> Session:
        key = (statement.replica, statement.service, statement.connection)
        if key not in self._sessions:
            wires = (wire for actor in self._bench.actors if actor.name == statement.replica for wire in actor.wires)
            settings = {name: value for wire in wires for name, value in wire.settings_of(statement.connection).items()}
            session = self._sessions[key] = Session(self._catalogue, settings)
            for setting in self._bench.recorder.settings(*key):
                session.noticed(setting)
        return self._sessions[key]

    def waiting(self) -> list[Flight]:
        """Return the steps that wait for a lock."""
        return [flight for flight in self.all if flight.waits and not flight.over]

    def standing(self) -> list[Flight]:
        """Return the steps that stand at their gates, named and with what they would touch now, by actor."""
        self.follow_noise()
        standing = [f for f in self.all if not f.released and not f.over]
        # what arrived over several connections at once did so in no fixed order
        standing.sort(key=lambda f: (f.actor.name, f.step is None, f.statement.text, str(f.statement.site)))
        for flight in standing:
            if flight.step is None:
                self._name(flight)
            assert flight.step is not None  # noqa: S101 -- _name() set it
            flight.held = Held(flight.step, flight.session.footprint(flight.step))
        return sorted(standing, key=lambda f: f.held.actor if f.held else "")

    def _name(self, flight: Flight) -> None:
        names = self._names
        busy = {f.step.actor for f in self.all if f.step is not None and not f.over and f is not flight}
        name = names.of_session.get(flight.session, "")
        if not name or name in busy:
            letter = flight.actor.name
            name = next(n for n in (letter, *(f"{letter}{i}" for i in range(2, 100))) if n not in busy)
            names.of_session[flight.session] = name
        names.steps[name] = names.steps.get(name, 0) + 1
        session = names.sessions.setdefault(flight.session, f"{flight.statement.service} {len(names.sessions) + 1}")
        statements = flight.statement.step or (flight.statement,)
        flight.step = Step(
            actor=name,
            index=names.steps[name],
            service=flight.statement.service,
            texts=tuple(statement.text for statement in statements),
            parameters=tuple(statement.parameters for statement in statements),
            category=flight.statement.category,
            site=flight.statement.site,
            session=session,
        )

    def held_by(self, name: str) -> Flight:
        """Return the step that stands at its gate for this actor."""
        return next(f for f in self.all if not f.released and not f.over and f.held and f.held.actor == name)

    def follow_noise(self) -> None:
        """Tell the sessions what their connections said beside steps: BEGIN, SET, SAVEPOINT, what MULTI queues."""
        statements = self._bench.recorder.statements
        for statement in statements[self._seen :]:
            queued = statement.service == "redis" and not statement.step
            if statement.noise or queued or statement.category in {Category.COPY, Category.LISTEN}:
                self._session(statement).noticed(statement)
        self._seen = len(statements)

    def may_wait(self, flight: Flight) -> bool:
        """Whether it is worth asking at once if the step waits; what is missed here is asked about a little later."""
        if flight.held is None:
            return False
        if flight.held.footprint.opaque:
            others = (actor for actor in self._bench.actors if actor is not flight.actor)
            return any(wire.in_transaction for actor in others for wire in actor.wires)
        wanted = flight.held.footprint.accesses
        return any(access.mode > Mode.READ for access in wanted) and (
            any(session.keeps_out(wanted) for session in self._sessions.values() if session is not flight.session)
            or any(_may_wait_for(flight, one) for one in self.waiting())
        )

    async def outwait(self, flight: Flight) -> bool:
        """Let steps that wait have looked for a deadlock, so that the one that closes the circle is its victim.

        Return False where one of them has gone on meanwhile. Those whose locks this step does not want close nothing.
        """
        loop = asyncio.get_running_loop()
        waiting = [one for one in self.waiting() if _may_wait_for(flight, one)]
        for one in waiting:
            left = one.since + DEADLOCK_SECONDS - loop.time()
            if left > 0:
                await self.motion.until(lambda: any(each.over for each in waiting), left)
        return not any(one.over for one in waiting)

    async def settle(self, *, rested: bool = False) -> bool:
        """Return when every actor is at rest; False where nothing comes to rest in `SECONDS`.

        `rested` says that all of them were until a step was let go.
        """
        deadline, moved, asked = Deadline(SECONDS), self.motion.count, False
        began = (moved, traffic_of(self._bench.actors)) if rested else None
        while True:
            if moved != self.motion.count or self.motion.halted():
                deadline, moved = Deadline(SECONDS), self.motion.count
            if self._at_rest():
                # who was found waiting waits still where nobody has done anything
                unmoved = asked and began == (self.motion.count, traffic_of(self._bench.actors))
                if (self._all_stand or await self._is_quiet(moved)) and (unmoved or await self._still_waiting()):
                    return True
            elif deadline.is_over:
                return False
            elif self._under_way(waiting=True) and not asked:
                await self.motion.look_round()  # so that it is sent before the question
                asked = await self._look_for_locks()
            else:
                asked = not await self.motion.change() and moved == self.motion.count and await self._look_for_locks()

    async def _is_quiet(self, moved: int) -> bool:
        """Whether all are still at rest, and nothing moved, once what had reached this machine is taken in."""
        traffic = traffic_of(self._bench.actors)
        await self.motion.look_round()
        return (moved, traffic) == (self.motion.count, traffic_of(self._bench.actors)) and self._at_rest()

    @property
    def _all_stand(self) -> bool:
        """Whether each actor stands at a gate with the one connection that it has: nothing else can be on its way."""
        self._several = self._several or any(len(name) > 1 for name in self._names.steps)
        busy = [flight.actor for flight in self.all if not flight.over]
        return not self._several and all(
            actor in busy and sum(wire.connections for wire in actor.wires) == 1 for actor in self._bench.actors
        )

    def _under_way(self, *, waiting: bool = False) -> bool:
        """Whether a step is on its way to the server and back; with `waiting` one that may have to wait there."""
        return any(f.released and not f.over and not f.waits and (f.may_wait or not waiting) for f in self.all)

    def _at_rest(self) -> bool:
        if self._under_way():
            return False
        for actor in self._actors:
            if any(wire.is_moving for wire in actor.wires) or not actor.asleep:
                self._actors.remove(actor)
                self._actors.insert(0, actor)
                return False
        return True

    async def _look_for_locks(self) -> bool:
        """Ask the server which of the steps under way wait; True, since that is done."""
        for flight in self.all:
            if not flight.released or flight.over or flight.waits:
                continue
            if await self._waits(flight) and not flight.over:
                flight.waits = True
                flight.since = asyncio.get_running_loop().time()
        return True

    async def _still_waiting(self) -> bool:
        """Look again at each step that waits; False where one goes on."""
        for flight in self.waiting():
            if not await self._waits(flight):
                flight.waits = False
                return False
        return True

    async def _waits(self, flight: Flight) -> bool:
        """Whether a step waits in its server: for a lock, as Postgres says, or in a Redis command that blocks."""
        if flight.statement.service == "redis":
            if not _may_block(flight.statement):
                return False
            await self._bench.redis_is_through()  # what it can answer at once it has answered by then
            await self.motion.look_round()
            return not flight.over
        process = flight.wire.process_of(flight.statement.connection)
        return process is not None and await self._bench.waits(process)


def _may_wait_for(flight: Flight, waiting: Flight) -> bool:
    """Whether a step may have to wait for one that waits: for what its transaction holds, or stands in line for."""
    if flight.held is None or waiting.held is None or flight.held.footprint.opaque or waiting.held.footprint.opaque:
        return True
    wanted = flight.held.footprint.accesses
    return waiting.session.keeps_out(wanted) or meet(
        # who has a row already does not line up for it
        frozenset(access for access in wanted if not flight.session.has(access)),
        waiting.held.footprint.accesses,
    )


def _may_block(statement: Statement) -> bool:
    words = [*statement.text.split(" ", 1), *map(str, statement.parameters)]
    return may_wait(words[0], [word.encode() for word in words])
