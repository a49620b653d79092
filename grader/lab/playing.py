"""A race, or a crash, under a player's hand: one run on the bench, at rest until it is said which step goes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from grader.explore.controller import AGAIN, LATER, Controller, Stuck
from grader.explore.crash import strike
from grader.explore.picture import events_of
from grader.explore.values import Run
from grader.lab.debugging import frozen
from grader.lab.http import Answer
from grader.lab.position import Move, Position, Ruling, Seat, Standing, Strike, lines_of
from grader.lab.refereeing import Referee
from grader.verdict import Inconclusive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.explore.explorer import Explored, Limits
    from grader.explore.values import Held, Step
    from grader.lab.actors import LabBench
    from grader.lab.after import Retry
    from grader.lab.bench import Between, Lab
    from grader.lab.exploring import Exploration
    from grader.lab.rows import Table

MOST_ROWS = 6
"""Rows of a table that are looked at."""
END_SECONDS = 2.0
"""What the requests of a run that is given up may take to end; else their replicas are made anew."""
PATIENCE = 20
"""Times that a request is woken by one move; one that has no step to take then is left alone."""


class Player(Protocol):
    """Takes the explorations of a check, of interleavings or, where there is a `retry`, of crashes."""

    async def __call__(
        self,
        exploration: Exploration,
        *,
        limits: Limits | None = None,
        between: Between | None = None,
        retry: Retry | None = None,
    ) -> None:
        """Take one."""


def dealer(lab: Lab, games: list[Game]) -> Player:
    """Return a player that makes a game of each exploration, and adds it to these."""

    async def take(
        exploration: Exploration,
        *,
        limits: Limits | None = None,
        between: Between | None = None,
        retry: Retry | None = None,
    ) -> None:
        games.append(Game(lab, exploration, limits, between, retry))

    return take


class Game:
    """One exploration of a check, played move by move.

    `position` says where it stands. Every method returns when all is at rest again; one at a time, please.
    """

    def __init__(
        self,
        lab: Lab,
        exploration: Exploration,
        limits: Limits | None = None,
        between: Between | None = None,
        retry: Retry | None = None,
    ) -> None:
        self.position = Position()
        self._lab = lab
        self._exploration = exploration
        self._referee = Referee(exploration, limits, retry)
        self._between = between
        self._retry = retry
        self._outside = lab.outside
        self._bench: LabBench | None = None
        self._controller: Controller | None = None
        self._spoiled = False
        """A run got stuck: the replicas are to be made anew."""
        self._run: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        """The run is at rest and waits for a move, or is over."""
        self._wanted: asyncio.Future[Move | None] | None = None
        self._ahead: deque[Move] = deque()
        """Moves to make before the player is asked."""
        self._moves: list[Move] = []
        self._strikes: list[Strike] = []
        self._lost: list[int] = []
        """Processes of the server whose client will be gone when the step that was let go is over."""
        self._begun: tuple[Move, int] | None = None
        """The step that was let go last, and the decisions before it."""
        self._naps = 0
        self._plan: tuple[Move, ...] = ()
        """All moves of the worst, those that were made among them."""
        self._first: tuple[Table, ...] | None = None
        """The committed rows before any move of the run; None until they have been looked at."""
        self._remark = ""

    @property
    def number(self) -> int:
        """Which exploration of its check it is, from 1."""
        return self._exploration.number

    @property
    def explored(self) -> Explored | None:
        """What has been tried so far, while the worst is looked for."""
        return self._referee.explored

    @property
    def of_crashes(self) -> bool:
        """Whether it is one request, whose crash is judged, and not a race."""
        return self._retry is not None

    # what a player does

    async def open(self) -> None:
        """Put the requests on the bench, and send them; a Finding, or Unusable, where that cannot be."""
        await self._start(())

    async def go(self, actor: str) -> None:
        """Let a request take its next step; one that sleeps wakes for it."""
        await self._make(Move(actor))

    async def crash(self, actor: str, verb: str, place: str) -> None:
        """Have a fault come to a request's next step: `cut` before or after it, `kill` before it."""
        await self._make(Move(actor, verb, place))

    async def follow(self) -> None:
        """Take the next step of the plan."""
        if self.position.plan:
            await self._make(self.position.plan[0])

    async def back(self) -> None:
        """Take the last move back: all is run again from fresh rows, without it."""
        await self._start(self._moves[:-1])

    async def restart(self) -> None:
        """Begin again from fresh rows, without any plan."""
        self._plan = ()
        await self._start(())

    async def worst(self) -> str:
        """Try everything, and plan the run that breaks it worst; return what there is to say."""
        await self._give_up()
        if self._retry is None:
            bench, controller = await self._on_the_bench()
            told, self._plan = await self._referee.worst_race(bench, controller)
        else:
            told, self._plan = await self._referee.worst_crash(self._retry)
        self._spoiled = True  # it may have ended stuck, or on another bench
        await self._start(())
        return told

    async def close(self) -> None:
        """Give the run up, and let time run again."""
        await self._give_up()
        if self._bench is not None:
            self._bench.free_time()

    async def _make(self, move: Move) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        self._ready.clear()
        wanted.set_result(move)
        await self._at_rest()

    # runs

    async def _on_the_bench(self) -> tuple[LabBench, Controller]:
        """Return bench and controller, made anew where a replica has ended."""
        gone = self._bench is None or any(actor.replica.exited is not None for actor in self._bench.actors)
        if self._bench is None or self._controller is None or gone or self._spoiled:
            self._bench, self._controller = await self._exploration.set_up(self._between)
            self._controller.end_seconds = END_SECONDS
            await self._exploration.warm(self._bench)
            self._spoiled = False
        return self._bench, self._controller

    async def _start(self, moves: Iterable[Move]) -> None:
        """Begin a run, and make these moves."""
        await self._give_up()
        self._lab.outside = self._outside
        bench, controller = await self._on_the_bench()
        self._ahead, self._moves, self._strikes = deque(moves), [], []
        self._lost, self._begun, self._naps, self._remark = [], None, 0, ""
        self._first = None
        self.position = Position()
        self._ready.clear()
        self._run = asyncio.create_task(self._play(bench, controller))
        await self._at_rest()

    async def _at_rest(self) -> None:
        """Return when the run waits for a move or is over; raise what ended it."""
        assert self._run is not None  # noqa: S101 -- it was begun
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait({ready, self._run}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._run.done():
            self._run.result()

    async def _give_up(self) -> None:
        """Let the run's requests come to their end without the player."""
        run, self._run = self._run, None
        if self._wanted is not None:
            self._wanted.set_result(None)
            self._wanted = None
        if run is not None:
            await run

    async def _play(self, bench: LabBench, controller: Controller) -> None:
        ruling: Ruling | None = None
        run: Run | None = None
        try:
            run = await controller.play(partial(self._ask, bench, controller))
            if not run.finished:
                return
            self._take_note(run)
            await (await self._lab.monitor()).ended(self._lost)
            ruling = await self._referee.rule(bench, controller, run, self._strikes)
        except Stuck as stuck:
            run, self._spoiled = stuck.run, True
            ruling = self._referee.stuck(bench, controller, stuck, self._strikes)
        except Inconclusive as inconclusive:
            ruling = Ruling(broken=None, seen=str(inconclusive))
        await self._show(controller, run, (), ruling)
        self._ready.set()

    # choosing

    async def _ask(self, bench: LabBench, controller: Controller, run: Run, held: Sequence[Held]) -> str | None:
        if self._first is None:
            self._first = tuple(await self._lab.rows.tables(MOST_ROWS) or ())
        self._take_note(run)
        waits = {step.actor for step in controller.waiting}
        if self._lost and self._strikes[-1].move.actor not in waits:
            await (await self._lab.monitor()).ended(self._lost)
            self._lost = []
            return AGAIN
        while True:
            if self._ahead:
                move = self._ahead.popleft()
            else:
                await self._show(controller, run, [one.step for one in held], None)
                self._wanted = asyncio.get_running_loop().create_future()
                self._ready.set()
                async with frozen(bench.actors):
                    answer = await self._wanted
                if answer is None:
                    return None
                move, self._remark = answer, ""
            choice = await self._choice(move, controller, run, held)
            if choice:
                return choice

    async def _choice(self, move: Move, controller: Controller, run: Run, held: Sequence[Held]) -> str:
        """Return the choice that makes a move, empty where it cannot be made now."""
        own = [one.step for one in held if one.actor == move.actor or one.actor[0] == move.actor]
        if not own:
            if controller.sleeps(move.actor[0]) and self._naps < PATIENCE:
                self._naps += 1
                self._ahead.appendleft(move)
                return LATER
            self._ahead.clear()
            self._remark = f"{move.actor} has no step to take now"
            return ""
        step = own[0]
        move, self._naps = replace(move, actor=step.actor), 0
        if move.verb:
            self._strikes.append(Strike(move, step, len(run.events)))
            lost = await strike(controller.held_by(step.actor), self._strikes[-1].fault)
            if move.place == "before":
                await (await self._lab.monitor()).ended(lost)
                self._made(move)
                return AGAIN
            self._lost = lost
        self._begun = (move, len(run.decisions))
        return step.actor

    def _take_note(self, run: Run) -> None:
        """Count the move that was begun, if its step was let go; what had waited may have gone on instead."""
        if self._begun is None:
            return
        (move, decisions), self._begun = self._begun, None
        if len(run.decisions) > decisions:
            self._made(move)
        else:
            self._ahead.appendleft(move)
            if move.verb:
                self._strikes.pop()

    def _made(self, move: Move) -> None:
        """Count a move; one that is not the plan's ends the plan."""
        self._moves.append(move)
        if list(self._plan[: len(self._moves)]) != self._moves:
            self._plan = ()

    # showing

    async def _show(self, controller: Controller, run: Run | None, held: Sequence[Step], ruling: Ruling | None) -> None:
        events = run.events if run is not None and self._strikes else events_of(run or Run())
        scene = self._exploration.scene(None, controller.statements, controller.outcomes)
        tables = await self._lab.rows.tables(MOST_ROWS)
        self.position = Position(
            seats=tuple(self._seats(controller, held)),
            lines=tuple(lines_of(scene, events, self._strikes, self._exploration.names)),
            tables=tuple(tables) if tables is not None else None,
            first=self._first or (),
            plan=self._plan[len(self._moves) :] if ruling is None else (),
            ruling=ruling,
            remark=self._remark,
            moves=tuple(self._moves),
        )

    def _seats(self, controller: Controller, held: Sequence[Step]) -> Iterable[Seat]:
        answered = controller.answered
        for name, told, outcome in zip(
            self._exploration.names, self._exploration.told, controller.outcomes, strict=True
        ):
            answer = str(outcome.status) if isinstance(outcome, Answer) else "no answer"
            yield Seat(
                name,
                told,
                tuple(Standing.of(step) for step in held if step.actor[0] == name),
                tuple(Standing.of(step) for step in controller.waiting if step.actor[0] == name),
                controller.sleeps(name),
                answer if name in answered else "",
            )
