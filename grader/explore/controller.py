"""One schedule after the other, run on a bench: every step is held until it is chosen, and let go alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grader.explore.flights import DEADLOCK_SECONDS, SECONDS, Flight, Flights
from grader.explore.passing import come_to_rest, go_on, next_timer, time_passing
from grader.explore.values import Decision, Event, Held, Phase, Run, Step
from grader.verdict import Inconclusive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from grader.explore.bench import Actor, Bench
    from grader.explore.catalogue import Catalogue
    from grader.wire import Statement

    Choose = Callable[[Run, Sequence[Held]], str | None]
    Ask = Callable[[Run, Sequence[Held]], Awaitable[str | None]]
    Before = Callable[[int, Step], Awaitable[None]]

MOST_STEPS = 300
"""Steps of one run; a request that sends more goes round in a circle."""
LATER = ""
"""What a choice is where time is to go on before anybody is let go."""
AGAIN = "?"
"""What a choice is where the bench has been changed meanwhile: all come to rest again, and it is asked again."""
ENDLESS = 50
"""Steps of one request in a row, while another could go, that are called a loop without a pause."""
LEFT_OPEN_SECONDS = 3.0
"""What a lock is waited for whose holder has been answered and will do nothing more."""
ANSWER_ROUNDS = 3
"""Looks at the sockets after which an answer that has come is known to have come: it passes through several tasks."""
MOST_TIMERS = 10
"""Timers that are let go off after a run, for what its requests left for later."""


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


class Controller:
    """Runs schedules on a bench; `between` is awaited before each step is let go."""

    def __init__(
        self, bench: Bench, catalogue: Catalogue, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._bench = bench
        self._flights = Flights(bench, catalogue)
        self._motion = self._flights.motion
        self._between = between
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._moments = 0
        """How often time has gone on in the run."""
        self._restless = False
        """There is always another timer, such as that of a loop that looks for work."""
        self.statements: dict[Step, tuple[Statement, ...]] = {}
        """What the wire saw of the last run's steps."""
        self.before: Before | None = None
        """Awaited before each step is let go, with the step's number in the schedule, from 1."""
        self.end_seconds = SECONDS
        """What requests may take to come to their end when nobody holds them any more."""

    async def run(self, choose: Choose) -> Run:
        """Send all requests at once, and let their steps go as `choose` says; raises Stuck.

        `choose` is given the run so far and the steps that stand at their gates, and returns an actor's name, or None
        to give the run up, or LATER.
        """

        async def ask(run: Run, held: Sequence[Held]) -> str | None:
            return choose(run, held)

        return await self.play(ask)

    async def play(self, ask: Ask) -> Run:
        """Run a schedule as `run` does, all at rest for as long as a choice takes; it may be AGAIN too."""
        await self._end_what_was_left()
        await self._bench.fresh()
        self._flights.begin()
        run = Run()
        self._moments = 0
        self.statements = {}
        stuck = False
        try:
            self._answers = {actor.name: await self._begin(actor) for actor in self._bench.actors}
            await self._settle(run)
            await self._decide(run, ask)
        except Stuck:
            stuck = True
            raise
        except asyncio.CancelledError:
            stuck = self._motion.halted()  # it may be for ever
            raise
        finally:
            self._flights.open_gates()
            try:
                await (self._abandon() if stuck else self._end(run))
            except Stuck:
                await self._abandon()
                raise
            finally:
                self._flights.leave()
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

    @property
    def failures(self) -> tuple[BaseException | None, ...]:
        """What came in place of an answer, for each request."""
        return tuple(
            future.exception() if future.done() and not future.cancelled() else None
            for future in self._answers.values()
        )

    @property
    def answered(self) -> frozenset[str]:
        """The actors whose requests have come to an end, with an answer or without."""
        return frozenset(name for name, answer in self._answers.items() if answer.done())

    @property
    def waiting(self) -> tuple[Step, ...]:
        """The steps that wait for a lock."""
        return tuple(flight.step for flight in self._flights.waiting() if flight.step is not None)

    def held_by(self, name: str) -> Flight:
        """Return the step that stands at its gate for this actor."""
        return self._flights.held_by(name)

    async def _begin(self, actor: Actor) -> asyncio.Future[Any]:
        future = await actor.start()
        future.add_done_callback(lambda _: self._motion.note())
        return future

    # choosing

    async def _decide(self, run: Run, ask: Ask) -> None:
        while True:
            standing = [flight for flight in self._flights.standing() if not self._round_is_over(flight)]
            if not standing:
                if self._finished:
                    run.finished = True
                    return
                await self._wait_for_something(run)
                continue
            held = tuple(flight.held for flight in standing if flight.held is not None)
            chosen = await ask(run, held)
            if chosen is None:
                return
            if chosen == AGAIN:
                await self._settle(run)
                continue
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
        waiting = any(not self._round_is_over(flight) for flight in self._flights.waiting())
        return answered and not waiting and self._next_timer() is None

    def _round_is_over(self, flight: Flight) -> bool:
        """Whether a step is one that a loop takes after its round, of itself: another has given it work to do."""
        return flight.actor.loops and self._answers[flight.actor.name].done()

    # letting go

    async def _let_one_go(self, run: Run, flight: Flight, held: tuple[Held, ...]) -> None:
        waiting = self._flights.waiting()
        flight.may_wait = self._flights.may_wait(flight)
        if flight.may_wait and not await self._flights.outwait(flight):
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
        flight.let_go()
        await self._settle(run, rested=True)

    async def _wait_for_something(self, run: Run) -> None:
        """Nothing stands at a gate: let a deadlock be found, a timer go off, or whatever moves by itself move."""
        moved = self._motion.count
        timed = self._next_timer() is not None
        several = len(self._flights.waiting()) > 1 or not timed
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
        waiting = sorted({flight.actor.name for flight in self._flights.waiting()})
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
        under_way = {flight.actor.name for flight in self._flights.all if not flight.over}
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

    async def _settle(self, run: Run, *, rested: bool = False) -> None:
        """Return when every actor is at rest, with what happened since then noted in the run; raises Stuck."""
        if not await self._flights.settle(rested=rested):
            raise Stuck(f"nothing came to rest in {SECONDS:g} s", run)
        self._note(run)

    def _note(self, run: Run) -> None:
        """Add what happened since the last decision to it."""
        self._flights.follow_noise()
        if not run.decisions:
            return
        last = run.decisions[-1]
        events: list[Event] = []
        freed = 0
        for flight in sorted(self._flights.all, key=lambda f: (_name_of(f) != last.chosen, _name_of(f))):
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
        self._flights.all = [f for f in self._flights.all if not f.over]

    def _completed(self, flight: Flight, phase: Phase) -> Event:
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
        if run.finished and not self._flights.all:
            return  # they have, and all are at rest
        actors = self._bench.actors

        def answered() -> bool:
            self._flights.open_gates()
            return all(future.done() for future in self._answers.values())

        async with time_passing(actors):
            done = await self._motion.until(answered, self.end_seconds)
        if not (done and await come_to_rest(actors)):
            raise Stuck("requests were not answered", run)
        self._flights.follow_noise()

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


def _name_of(flight: Flight) -> str:
    return flight.step.actor if flight.step is not None else ""


def _stands_in(run: Run, step: Step) -> bool:
    """Whether the release of the step has been noted."""
    return any(event.step is step for decision in run.decisions for event in decision.events)
