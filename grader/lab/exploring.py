"""Interleavings and crashes, as checks ask for them."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from grader.explore.catalogue import read_catalogue
from grader.explore.controller import Controller, Stuck
from grader.explore.crash import Fault, Saboteur, faults
from grader.explore.explorer import ATTEMPTS, CONFIRMED, Explored, Explorer, Limits, NoSuchScheduleError, Tried
from grader.explore.passing import come_to_rest, time_passing
from grader.explore.picture import Scene, picture_of_crash, picture_of_run
from grader.explore.token import Token
from grader.explore.wording import fields, shortened
from grader.lab.actors import LabBench
from grader.lab.after import After
from grader.lab.debugging import frozen, frozen_in_halts
from grader.lab.http import Answer, Request
from grader.lab.process import Process
from grader.verdict import Finding, Inconclusive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from grader.explore.controller import Before
    from grader.explore.values import Step
    from grader.lab.after import Holds, Retry, SetUp, Tables
    from grader.lab.bench import Lab
    from grader.wire import Statement

    Note = Callable[[Fault | None, Finding | None], None]

NAMES = "ABC"
REST_SECONDS = 10.0
WARMINGS = 2
"""Times that each request is sent before anything counts, so that connecting is over."""


class Exploration:
    """One set of requests, processes and rows of a check, and which exploration of the check it is."""

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place only, by the lab
        self,
        lab: Lab,
        given: Tables,
        whose: Sequence[Request | Process],
        holds: Holds,
        prepare: SetUp | None,
        number: int,
    ) -> None:
        self._lab = lab
        self._given = given
        self._whose = whose
        requests = sum(isinstance(one, Request) for one in whose)
        self.names = NAMES[:requests] + "".join(one.name for one in whose if isinstance(one, Process))
        """The actors, a letter each."""
        self._holds = holds
        self._prepare = prepare
        self.number = number
        """Which exploration of the check it is, from 1."""
        self.explored = Explored()
        """What has been tried, also where that ended in a Finding."""
        self.steps: Sequence[Statement] = ()
        """What the request that is to crash sent where it did not: the first statement of each step."""

    @property
    def told(self) -> list[str]:
        """The requests, or the processes, each in a line."""
        return [one.title if isinstance(one, Process) else _told(one) for one in self._whose]

    async def _bench(self, whose: Sequence[Request | Process]) -> LabBench:
        lab = self._lab
        names = iter(NAMES)
        actors = [
            await lab.loop(one) if isinstance(one, Process) else await lab.actor(next(names), one) for one in whose
        ]
        for actor in actors:
            actor.hold_time()
            for wire in actor.wires:
                wire.keep_results = True
        return LabBench(
            actors,
            recorder=lab.recorder,
            rows=lab.rows,
            given=self._given,
            monitor=await lab.monitor(),
            prepare=lab.prepare,
            set_up=self._prepare,
            ask_redis=lab.redis,
        )

    async def warm(self, bench: LabBench) -> None:
        """Send the requests a few times, so that connecting is over."""
        for _ in range(WARMINGS):
            for actor in bench.actors:
                await bench.fresh()
                async with time_passing(bench.actors):
                    await (await actor.start())
                    await come_to_rest([actor])  # another may stand at its gate, woken by what was set up

    def scene(
        self, finding: Finding | None, statements: Mapping[Step, tuple[Statement, ...]], answers: Sequence[object] = ()
    ) -> Scene:
        """Return what is known of a run beside its events."""
        labels = tuple(
            one.title if isinstance(one, Process) else f"request {name} · {_told(one)}"
            for name, one in zip(self.names, self._whose, strict=True)
        )
        outcomes = tuple(
            str(answer.status) if isinstance(answer, Answer) else "" if isinstance(one, Process) else "no answer"
            for one, answer in zip_longest(self._whose if answers else (), answers)
        )
        return Scene(self._lab.title, labels, statements, finding.seen if finding else "", outcomes, self.names)

    def token(self, **what: Any) -> Token:  # noqa: ANN401 -- a schedule or a fault
        """Return what replays a schedule or a fault of it."""
        return Token(self._lab.check, self.number, **what)

    # interleavings

    async def explore(self, limits: Limits | None, between: Callable[[], Awaitable[None]] | None) -> None:
        """Try every interleaving; raises a Finding with its picture, or Inconclusive."""
        replay = self._lab.replay
        if replay is not None and (replay.number != self.number or not replay.schedule):
            return
        stop = self._lab.stop if replay is not None else None
        if replay is not None and stop is not None and replay.schedule[stop.step - 1][0] in self.names:
            self._lab.let_debug(replay.schedule[stop.step - 1][0], stop.port)
        bench, controller = await self.set_up(between)

        async def before(number: int, step: Step) -> None:
            if stop is not None and number == stop.step:
                replica = next(actor.replica for actor in bench.actors if actor.name == step.actor[0])
                async with frozen(bench.actors):
                    await stop.wait(step, replica, self._lab.submission.folder)

        explorer = Explorer(controller, partial(self.look, bench, controller), limits)
        try:
            await self.warm(bench)
            if replay is not None:
                async with frozen_in_halts(bench.actors) if stop is not None else nullcontext():
                    await self._replayed(explorer, controller, replay, before)
                return
            self.explored = explored = await explorer.explore(self.names)
        except Stuck as stuck:
            raise self.stuck(bench, controller, stuck) from stuck
        finally:
            bench.free_time()
        self.conclude(explored, controller, enough=limits is not None and limits.enough)

    async def set_up(self, between: Callable[[], Awaitable[None]] | None) -> tuple[LabBench, Controller]:
        """Put all actors on a bench, their time held, and a controller over them."""
        bench = await self._bench(self._whose)
        return bench, Controller(bench, await read_catalogue(self._lab.rows.fetch), between)

    async def look(self, bench: LabBench, controller: Controller) -> None:
        """Raise a Finding where the run that has just ended breaks the invariant."""
        results = controller.answers  # a Finding where a request got none
        answers = tuple(result for result in results if isinstance(result, Answer))
        async with time_passing(bench.actors):
            await self._holds(After(answers, self._lab))

    def conclude(self, explored: Explored, controller: Controller, *, enough: bool = False) -> None:
        """Raise what an exploration came to: a Finding with its picture, or Inconclusive; nothing where all held.

        Where what was tried is `enough`, it need not be all there is.
        """
        tried = explored.counterexample
        if tried is not None and tried.finding is not None:
            raise self._broken(explored, tried, controller)
        silent = [
            name
            for name in self.names
            if not any(event.actor[0] == name for tried in explored.tried for event in tried.run.events)
        ]
        if silent:
            who = " and ".join(str(self._whose[self.names.index(name)]) for name in silent)
            raise Inconclusive(f"{who} sent no statement, so that there was nothing to interleave")
        if explored.could_overlap and not explored.overlapped:
            raise Inconclusive(
                f"in none of {explored.schedules} schedules did {self._all} overlap: "
                "something beside the database and the wire keeps one away until another is done"
            )
        if not explored.complete and not enough:
            raise Inconclusive(f"tried {explored}, none of which broke it; that is not all there are")

    def _broken(self, explored: Explored, tried: Tried, controller: Controller) -> Finding:
        assert tried.finding is not None  # noqa: S101 -- it is the counterexample
        scene = self.scene(tried.finding, controller.statements, controller.outcomes)
        token = str(self.token(schedule=tried.run.schedule)) if tried.run.schedule else ""
        if explored.serial:
            done = f"{tried.finding.done}, one after the other ({', then '.join(explored.serial)})"
            told = f"No race is needed: {self._all} were not at once."
            timeline = picture_of_run(scene, tried.run, None, told)
            return replace(tried.finding, done=done, timeline=replace(timeline, anomaly="", token=token))
        told = f"Tried {explored}: {len(explored.failing)} wrong."
        if self._lab.replay is not None:
            told = "Replayed this schedule; no other was tried."
        if explored.replayed < CONFIRMED:
            told += f" Seen again in {explored.replayed} of {CONFIRMED} runs."
        timeline = picture_of_run(scene, tried.run, explored.nearest_good, told)
        return replace(tried.finding, done=self._done, timeline=replace(timeline, token=token))

    @property
    def _done(self) -> str:
        rounds = [one.title for one in self._whose if isinstance(one, Process)]
        sent = [_told(one) for one in self._whose if isinstance(one, Request)]
        done = [f"sent {' and '.join(sent)}"] if sent else []
        done += [f"let {' and '.join(rounds)} make a round"] if rounds else []
        return f"{' and '.join(done)} at once"

    @property
    def _all(self) -> str:
        """What the actors are called together."""
        return "the rounds" if all(isinstance(one, Process) for one in self._whose) else "the requests"

    async def _replayed(self, explorer: Explorer, controller: Controller, replay: Token, before: Before) -> None:
        try:
            self.explored = explored = await explorer.replay(self.names, replay.schedule, before)
        except NoSuchScheduleError as error:
            raise Inconclusive(f"the code does not have the schedule of {replay} any more: {error}") from error
        if explored.counterexample is not None:
            raise self._broken(explored, explored.counterexample, controller)

    def stuck(self, bench: LabBench, controller: Controller, stuck: Stuck) -> Finding:
        """Return the finding of a run in which nothing moved any more, and put other replicas in place."""
        scene = self.scene(None, controller.statements)
        timeline = picture_of_run(scene, stuck.run, None, "")
        timeline = replace(timeline, why=str(stuck), token=str(self.token(schedule=stuck.shortest)))
        for actor in bench.actors:
            actor.station.renew()
        return Finding(self._done, str(stuck), "every request is answered", timeline=timeline)

    # crashes

    async def sweep(self, retry: Retry, note: Note | None = None) -> int:
        """Try every crash point of the one request, and its retry on the other replica; return how many there were.

        Of a process it is every crash point of a round. Raises a Finding where what holds without a crash does not hold
        after one. With `note` it raises none: that is told of every point what was found there, beginning with None,
        where nothing crashes.
        """
        replay = self._lab.replay
        if replay is not None and (replay.number != self.number or not replay.fault):
            return 0
        one = self._whose[0]
        whose = [one] if isinstance(one, Process) else [one, one]
        bench = await self._bench(whose)
        await self.warm(bench)
        await bench.fresh()
        async with time_passing(bench.actors):
            with Saboteur(bench.actors[0]) as counting:
                first = await (await bench.actors[0].start())
                # a round may end in a command that waits in Redis, which is no step that a crash could come after
                self.steps = steps = [step for step in counting.steps if step.done or not bench.actors[0].loops]
            await self._noted(note, None, self.holds_after(first, retry, None, counting.steps))
        if not steps:
            raise Inconclusive(f"{one} sent no statement, so that there was nothing to crash")
        points = [f for f in faults(len(steps), self.names) if replay is None or replay.fault == str(f)]
        for fault in points:
            bench = await self._bench(whose)  # where a process was killed there is another
            async with time_passing(bench.actors):
                await self._noted(note, fault, self._crash(bench, fault, retry))
        bench.free_time()
        if replay is not None and (wanted := Fault.read(replay.fault)) and wanted.index > len(steps):
            raise Inconclusive(f"the code does not have the step of {replay} any more")
        return len(points)

    @staticmethod
    async def _noted(note: Note | None, fault: Fault | None, trying: Awaitable[object]) -> None:
        try:
            await trying
        except Finding as finding:
            if note is None:
                raise
            note(fault, finding)
        else:
            if note is not None:
                note(fault, None)

    async def _crash(self, bench: LabBench, fault: Fault, retry: Retry) -> None:
        actor = bench.actors[0]
        answer: Answer | None = None
        for _ in range(ATTEMPTS):  # on a busy machine a timeout of its own may take it another way
            await bench.fresh()
            with Saboteur(actor, fault) as saboteur:
                try:
                    answer = await (await actor.start())
                except Finding:
                    if fault.verb != "kill":  # a killed process answers nothing; one that lost a connection must
                        raise
            if saboteur.struck:
                break
        else:
            raise Inconclusive(f"{self._whose[0]} did not come to its step {fault.index} again")
        await (await self._lab.monitor()).ended(saboteur.processes)
        if not actor.loops:
            async with asyncio.timeout(REST_SECONDS):
                await asyncio.gather(*(wire.idle() for wire in actor.wires))
        await self.holds_after(answer, retry, fault, saboteur.steps)

    async def holds_after(
        self, answer: Answer | None, retry: Retry, fault: Fault | None, steps: Sequence[Statement]
    ) -> Answer | None:
        """Send the retry, if there is one, and return its answer; raises a Finding where something does not hold."""
        one = self._whose[0]
        again = retry(answer) if isinstance(one, Request) else None
        second: Answer | None = None
        try:
            second = await self._lab.send(again, to=NAMES[1]) if again is not None else None
            answers = (answer, second) if again is not None else (answer,)
            await self._holds(After(answers if isinstance(one, Request) else (), self._lab))
        except Finding as finding:
            retried = str(again) if again is not None else ""
            scene = self.scene(finding, {}, [answer, second] if retried else [answer])
            if retried:
                scene = replace(scene, labels=(*scene.labels, f"the retry · on replica {NAMES[1]}"))
            timeline = picture_of_crash(scene, steps, fault, retried)
            done = f"let {one} make a round" if isinstance(one, Process) else f"sent {one}"
            if fault is not None:
                done += f"; {fault.told} (step {fault.index})"
                timeline = replace(timeline, token=str(self.token(fault=str(fault))))
            else:
                done += f", and {'once more' if again == one else again} to the other replica" if retried else ""
                timeline = replace(timeline, explored="No crash is needed: it breaks without one.")
            # of a process that sent nothing there is nothing to draw
            raise replace(finding, done=done, timeline=timeline if timeline.moments else None) from finding
        return second


def _told(request: Request) -> str:
    """Return a request in one line, with what it sends."""
    return " ".join([shortened(str(request), 60), *fields(request.json)])
