"""One schedule after the other, run on a bench: every step is held until it is chosen, and let go alone.

Nothing is measured in time. An actor is at rest when its process sleeps and what it sent has come back, stands at its
gate, or waits for a lock that another holds.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from grader.explore.passing import come_to_rest, go_on, halted, next_timer, time_passing
from grader.explore.rest import Deadline, Motion
from grader.explore.session import Session
from grader.explore.values import Decision, Event, Held, Mode, Phase, Run, Step
from grader.verdict import Inconclusive
from grader.wire import Category

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from grader.explore.bench import Actor, Bench
    from grader.explore.catalogue import Catalogue
    from grader.wire import Statement
    from grader.wire.proxy import Proxy

    Choose = Callable[[Run, Sequence[Held]], str | None]
    Before = Callable[[int, Step], Awaitable[None]]

SECONDS = 10.0
"""What a run may take in which nothing moves, before it is called stuck."""
MOST_STEPS = 300
"""Steps of one run; a request that sends more goes round in a circle."""
LATER = ""
"""What a choice is where time is to go on before anybody is let go."""
ENDLESS = 50
"""Steps of one request in a row, while another could go, that are called a loop without a pause."""
LEFT_OPEN_SECONDS = 3.0
"""What a lock is waited for whose holder has been answered and will do nothing more."""
ANSWER_ROUNDS = 3
"""Looks at the sockets after which an answer that has come is known to have come: it passes through several tasks."""
MOST_TIMERS = 10
"""Timers that are let go off after a run, for what its requests left for later."""
DEADLOCK_SECONDS = 0.02
"""Longer than the server's deadlock_timeout: a waiting step has looked for a deadlock by then."""
_BLOCKING = re.compile(r"B[LRZ]\w+|XREAD|XREADGROUP|WAIT(AOF)?", re.IGNORECASE)
"""Redis commands that may wait for something to come."""


class Stuck(Exception):  # noqa: N818 -- an outcome of a run, not an error of the explorer
    """Nothing moves any more and requests are unanswered; `run` holds what happened until then."""

    def __init__(self, reason: str, run: Run) -> None:
        super().__init__(reason)
        self.run = run

    @property
    def shortest(self) -> tuple[str, ...]:
        """The schedule that leads there; of the steps that a request goes on with without end, the first."""
        schedule = self.run.schedule
        if len(schedule) < MOST_STEPS:
            return schedule
        end = next((n for n, name in enumerate(reversed(schedule)) if name != schedule[-1]), len(schedule))
        return schedule[: len(schedule) - end + 1]


@dataclass(slots=True, eq=False)
class _Flight:
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


@dataclass(slots=True)
class _Names:
    """Which actor a connection speaks for, where a request uses several at once."""

    of_session: dict[Session, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    sessions: dict[Session, str] = field(default_factory=dict)


class Controller:
    """Runs schedules on a bench; `between` is awaited before each step is let go."""

    def __init__(
        self, bench: Bench, catalogue: Catalogue, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._bench = bench
        self._catalogue = catalogue
        self._between = between
        self._motion = Motion(lambda: halted(bench.actors))
        self._sessions: dict[tuple[str, str, int], Session] = {}
        self._flights: list[_Flight] = []
        self._names = _Names()
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._gated = False
        self._moments = 0
        """How often time has gone on in the run."""
        self._several = False
        """A request has used several connections at once."""
        self._restless = False
        """There is always another timer, such as that of a loop that looks for work."""
        self._seen = len(bench.recorder.statements)
        """How many of the recorder's statements have been looked at."""
        self.statements: dict[Step, tuple[Statement, ...]] = {}
        """What the wire saw of the last run's steps."""
        self.before: Before | None = None
        """Awaited before each step is let go, with the step's number in the schedule, from 1."""

    async def run(self, choose: Choose) -> Run:
        """Send all requests at once, and let their steps go as `choose` says; raises Stuck.

        `choose` is given the run so far and the steps that stand at their gates, and returns an actor's name, or None
        to give the run up, or LATER.
        """
        await self._end_what_was_left()
        await self._bench.fresh()
        self._follow_noise()
        self._bench.recorder.clear()
        self._seen = 0
        for session in self._sessions.values():
            session.rest()
        run = Run()
        self._names, self._flights, self._gated, self._moments = _Names(), [], True, 0
        self.statements = {}
        for actor in self._bench.actors:
            actor.call_when_asleep(self._motion.note)
            for wire in actor.wires:
                self._attend(actor, wire)
        stuck = False
        try:
            self._answers = {actor.name: await self._begin(actor) for actor in self._bench.actors}
            await self._settle(run)
            await self._decide(run, choose)
        except Stuck:
            stuck = True
            raise
        except asyncio.CancelledError:
            stuck = self._motion.halted()  # it may be for ever
            raise
        finally:
            self._gated = False
            for flight in self._flights:
                _let_go(flight)
            await (self._abandon() if stuck else self._end(run))
            for actor in self._bench.actors:
                actor.call_when_asleep(None)
                for wire in actor.wires:
                    wire.gate = wire.done = None
        return run

    @property
    def answers(self) -> tuple[Any, ...]:
        """What the requests of the last run were answered, in the order of the actors."""
        return tuple(future.result() for future in self._answers.values())

    @property
    def outcomes(self) -> tuple[object, ...]:
        """The same, with None for a request that got none."""
        return tuple(
            None if not future.done() or future.cancelled() or future.exception() else future.result()
            for future in self._answers.values()
        )

    async def _begin(self, actor: Actor) -> asyncio.Future[Any]:
        future = await actor.start()
        future.add_done_callback(lambda _: self._motion.note())
        return future

    def _attend(self, actor: Actor, wire: Proxy) -> None:
        async def gate(statement: Statement) -> None:
            if not self._gated:
                return
            permission = asyncio.get_running_loop().create_future()
            flight = _Flight(actor, wire, self._session(statement), statement, permission)
            self._flights.append(flight)
            self._motion.note()
            try:
                await permission
            except asyncio.CancelledError:  # its client left
                flight.over = True
                self._motion.note()
                raise

        def done(statement: Statement) -> None:
            for flight in self._flights:
                if flight.statement is statement:
                    flight.over = True
            self._motion.note()

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

    # choosing

    async def _decide(self, run: Run, choose: Choose) -> None:
        while True:
            standing = self._standing()
            if not standing:
                if self._finished:
                    run.finished = True
                    return
                await self._wait_for_something(run)
                continue
            held = tuple(flight.held for flight in standing if flight.held is not None)
            chosen = choose(run, held)
            if chosen is None:
                return
            if chosen == LATER and self._next_timer() is not None:
                await self._let_time_go_on(run)
                continue
            flight = next((f for f in standing if f.held is not None and f.held.actor == chosen), None)
            if flight is None:
                raise Stuck(f"{chosen} has no step to take", run)
            if len(run.decisions) >= MOST_STEPS:
                raise _endless(run)
            await self._let_one_go(run, flight, held)

    @property
    def _finished(self) -> bool:
        answered = all(answer.done() for answer in self._answers.values())
        return answered and not any(self._waiting()) and self._next_timer() is None

    def _waiting(self) -> list[_Flight]:
        return [flight for flight in self._flights if flight.waits and not flight.over]

    def _standing(self) -> list[_Flight]:
        """Return the steps that stand at their gates, named and with what they would touch now, by actor."""
        self._follow_noise()
        standing = [f for f in self._flights if not f.released and not f.over]
        # what arrived over several connections at once did so in no fixed order
        standing.sort(key=lambda f: (f.actor.name, f.step is None, f.statement.text, str(f.statement.site)))
        for flight in standing:
            if flight.step is None:
                self._name(flight)
            assert flight.step is not None  # noqa: S101 -- _name() set it
            flight.held = Held(flight.step, flight.session.footprint(flight.step))
        return sorted(standing, key=lambda f: f.held.actor if f.held else "")

    def _name(self, flight: _Flight) -> None:
        names = self._names
        busy = {f.step.actor for f in self._flights if f.step is not None and not f.over and f is not flight}
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

    def _follow_noise(self) -> None:
        """Tell the sessions what their connections said beside steps: BEGIN, SET, SAVEPOINT, what MULTI queues."""
        statements = self._bench.recorder.statements
        for statement in statements[self._seen :]:
            queued = statement.service == "redis" and not statement.step
            if statement.noise or queued or statement.category in {Category.COPY, Category.LISTEN}:
                self._session(statement).noticed(statement)
        self._seen = len(statements)

    # letting go

    async def _let_one_go(self, run: Run, flight: _Flight, held: tuple[Held, ...]) -> None:
        waiting = self._waiting()
        flight.may_wait = self._may_wait(flight)
        if flight.may_wait and not await self._outwait(waiting):
            await self._settle(run)  # one that waited has gone on, and the gates may look different
            return
        if self._between is not None:
            await self._between()
        names = tuple(sorted(f.held.actor for f in waiting if f.held))
        assert flight.held is not None  # noqa: S101 -- it stands at its gate
        if self.before is not None:
            await self.before(len(run.decisions) + 1, flight.held.step)
        decision = Decision(held, flight.held.actor, (), names)
        run.decisions.append(decision)
        _let_go(flight)
        await self._settle(run)

    def _may_wait(self, flight: _Flight) -> bool:
        """Whether it is worth asking at once if the step waits; what is missed here is asked about a little later."""
        others = (actor for actor in self._bench.actors if actor is not flight.actor)
        locks = flight.held is not None and any(access.mode > Mode.READ for access in flight.held.footprint.accesses)
        return locks and any(wire.in_transaction for actor in others for wire in actor.wires)

    async def _outwait(self, waiting: Sequence[_Flight]) -> bool:
        """Let steps that wait have looked for a deadlock, so that the one that closes the circle is its victim.

        Return False where one of them has gone on meanwhile.
        """
        loop = asyncio.get_running_loop()
        for flight in waiting:
            left = flight.since + DEADLOCK_SECONDS - loop.time()
            if left > 0:
                await self._motion.until(lambda: any(one.over for one in waiting), left)
        return not any(flight.over for flight in waiting)

    async def _wait_for_something(self, run: Run) -> None:
        """Nothing stands at a gate: let a deadlock be found, a timer go off, or whatever moves by itself move."""
        moved = self._motion.count
        timed = self._next_timer() is not None
        several = len(self._waiting()) > 1 or not timed
        left_open = self._left_open
        most = LEFT_OPEN_SECONDS if left_open else SECONDS
        seconds = (5 * DEADLOCK_SECONDS if timed else most) if several else 0.0
        if await self._motion.until(lambda: self._motion.count != moved, seconds):
            await self._settle(run)
        elif self._next_timer() is not None:
            await self._let_time_go_on(run)
        else:
            raise Stuck(left_open or "nothing moves any more", run)

    @property
    def _left_open(self) -> str:
        """Who waits for a lock while another has answered and left its transaction open; empty where nobody does."""
        leavers = [
            actor.name
            for actor in self._bench.actors
            if self._answers[actor.name].done() and any(wire.in_transaction for wire in actor.wires)
        ]
        waiting = sorted({flight.actor.name for flight in self._waiting()})
        if not (waiting and leavers):
            return ""
        who, others = " and ".join(waiting), " and ".join(leavers)
        return f"request {who} waits for a lock; request {others} was answered and left its transaction open"

    def _next_timer(self) -> float | None:
        """Return the seconds to the earliest timer that somebody waits for.

        Those that are set after an answer count too, unless there is always another: then only within a transaction.
        """
        return next_timer(self._unfinished()) if self._moments < MOST_STEPS else None

    def _unfinished(self) -> list[Actor]:
        return [
            actor
            for actor in self._bench.actors
            if not (self._restless and self._answers[actor.name].done()) or any(w.in_transaction for w in actor.wires)
        ]

    @property
    def time_went_on(self) -> bool:
        """Whether time was let go on in the last run."""
        return self._moments > 0

    def sleeps(self, name: str) -> bool:
        """Whether an actor that is not done does nothing before time goes on."""
        under_way = {flight.actor.name for flight in self._flights if not flight.over}
        timed = {actor.name for actor in self._unfinished() if actor.next_timer is not None}
        return name in timed - under_way and self._next_timer() is not None

    async def _let_time_go_on(self, run: Run) -> None:
        """Let time go on to the next timer, unless something has come meanwhile, such as an answer."""
        moved = self._motion.count
        for _ in range(ANSWER_ROUNDS):
            await self._motion.look_round()
        if moved == self._motion.count and (timer := self._next_timer()) is not None:
            go_on(self._bench.actors, timer)
            self._moments += 1
        await self._settle(run)

    # coming to rest

    async def _settle(self, run: Run) -> None:
        """Return when every actor is at rest, with what happened since then noted in the run; raises Stuck."""
        deadline, moved, asked = Deadline(SECONDS), self._motion.count, False
        while True:
            if moved != self._motion.count or self._motion.halted():
                deadline, moved = Deadline(SECONDS), self._motion.count
            if self._at_rest():
                traffic = self._traffic
                if not self._all_stand:
                    await self._motion.look_round()
                quiet = (moved, traffic) == (self._motion.count, self._traffic)
                if quiet and self._at_rest() and await self._still_waiting():
                    self._note(run)
                    return
            elif deadline.is_over:
                raise Stuck(f"nothing came to rest in {SECONDS:g} s", run)
            elif self._under_way(waiting=True) and not asked:
                asked = await self._look_for_locks()
            else:
                await self._motion.change()
                asked = moved == self._motion.count and await self._look_for_locks()

    @property
    def _traffic(self) -> int:
        return sum(wire.traffic for actor in self._bench.actors for wire in actor.wires)

    @property
    def _all_stand(self) -> bool:
        """Whether each actor stands at a gate with the one connection that it has: nothing else can be on its way."""
        self._several = self._several or any(len(name) > 1 for name in self._names.steps)
        busy = [flight.actor for flight in self._flights if not flight.over]
        return not self._several and all(
            actor in busy and sum(wire.connections for wire in actor.wires) == 1 for actor in self._bench.actors
        )

    def _under_way(self, *, waiting: bool = False) -> bool:
        """Whether a step is on its way to the server and back; with `waiting` one that may have to wait there."""
        return any(f.released and not f.over and not f.waits and (f.may_wait or not waiting) for f in self._flights)

    def _at_rest(self) -> bool:
        return not self._under_way() and all(
            actor.asleep and not any(wire.is_moving for wire in actor.wires) for actor in self._bench.actors
        )

    async def _look_for_locks(self) -> bool:
        """Ask the server which of the steps under way wait; True, since that is done."""
        for flight in self._flights:
            if not flight.released or flight.over or flight.waits:
                continue
            if await self._waits(flight) and not flight.over:
                flight.waits = True
                flight.since = asyncio.get_running_loop().time()
        return True

    async def _still_waiting(self) -> bool:
        """Look again at each step that waits; False where one goes on."""
        for flight in self._waiting():
            if not await self._waits(flight):
                flight.waits = False
                return False
        return True

    async def _waits(self, flight: _Flight) -> bool:
        """Whether a step waits in its server: for a lock, as Postgres says, or in a Redis command that blocks."""
        if flight.statement.service == "redis":
            return not flight.over and _BLOCKING.match(flight.statement.text) is not None
        process = flight.wire.process_of(flight.statement.connection)
        return process is not None and await self._bench.waits(process)

    def _note(self, run: Run) -> None:
        """Add what happened since the last decision to it."""
        self._follow_noise()
        if not run.decisions:
            return
        last = run.decisions[-1]
        events: list[Event] = []
        freed = 0
        for flight in sorted(self._flights, key=lambda f: (_name_of(f) != last.chosen, _name_of(f))):
            if not flight.released or flight.held is None or flight.step is None:
                continue
            new = not _stands_in(run, flight.step)
            if flight.over:
                events.append(self._completed(flight, Phase.WHOLE if new else Phase.COMPLETE))
                freed += flight.held.actor != last.chosen
            elif new:
                events.append(Event(flight.step, Phase.RELEASE, flight.held.footprint))
        run.ambiguous = run.ambiguous or freed > 1
        run.decisions[-1] = replace(last, events=(*last.events, *events))
        self._flights = [f for f in self._flights if not f.over]

    def _completed(self, flight: _Flight, phase: Phase) -> Event:
        assert flight.step is not None  # noqa: S101 -- as its caller has seen
        statements = flight.statement.step or (flight.statement,)
        self.statements[flight.step] = statements
        error = next((s.error for s in statements if s.error), None)
        status = flight.wire.status_of(flight.statement.connection)
        rows = statements[0].rows if len(statements) == 1 else None
        footprint = flight.session.took(flight.step, error=error, status=status, rows=rows)
        return Event(flight.step, phase, footprint, error, sum(s.rows for s in statements), phase is Phase.COMPLETE)

    async def _end(self, run: Run) -> None:
        """Let all requests come to their end."""
        actors = self._bench.actors

        def answered() -> bool:
            for flight in self._flights:
                _let_go(flight)
            return all(future.done() for future in self._answers.values())

        async with time_passing(actors):
            done = await self._motion.until(answered, SECONDS)
        if not (done and await come_to_rest(actors)):
            raise Stuck("requests were not answered", run)
        self._follow_noise()

    async def _end_what_was_left(self) -> None:
        """Let end what the last run's requests left for later; a service that sets a timer again and again keeps it."""
        actors = self._bench.actors
        for _ in range(0 if self._restless else MOST_TIMERS):
            timer = next_timer(actors)
            if timer is None:
                return
            go_on(actors, timer)
            await come_to_rest(actors)
        self._restless = True

    async def _abandon(self) -> None:
        """Ask nobody any more for an answer that is not to come."""
        answers = self._answers.values()
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)


def _endless(run: Run) -> Exception:
    """Return what to raise where steps come without end: by themselves, or for as long as another is not let go."""
    last = run.decisions[-ENDLESS:]
    chosen = {decision.chosen[0] for decision in last}
    if len(chosen) == 1 and all(any(held.actor[0] not in chosen for held in decision.held) for decision in last):
        return Inconclusive(
            f"request {chosen.pop()} asks again and again without a pause while it waits for another request; "
            "how often it would cannot be explored (with an asyncio.sleep between it can)"
        )
    return Stuck(f"the requests had taken {MOST_STEPS} steps and went on", run)


def _let_go(flight: _Flight) -> None:
    if not flight.released:
        flight.released = True
        flight.since = asyncio.get_running_loop().time()
        if not flight.permission.done():
            flight.permission.set_result(None)


def _name_of(flight: _Flight) -> str:
    return flight.step.actor if flight.step is not None else ""


def _stands_in(run: Run, step: Step) -> bool:
    """Whether the release of the step has been noted."""
    return any(event.step is step for decision in run.decisions for event in decision.events)
