"""What a check says of one run that was played, and which run breaks it worst."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from grader.explore.controller import Stuck
from grader.explore.crash import Fault
from grader.explore.explorer import Explored, Explorer, Limits
from grader.explore.passing import time_passing
from grader.explore.picture import picture_of_run
from grader.explore.token import Token
from grader.lab.http import Answer
from grader.lab.logs import printed, telling
from grader.lab.position import Move, Ruling
from grader.verdict import Finding, Inconclusive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.explore.controller import Controller
    from grader.explore.values import Run
    from grader.lab.actors import LabBench
    from grader.lab.after import Retry
    from grader.lab.exploring import Exploration
    from grader.lab.position import Strike
    from grader.verdict import Timeline


class Referee:
    """Judges runs of one exploration, of interleavings or, where there is a `retry`, of crashes."""

    def __init__(self, exploration: Exploration, limits: Limits | None, retry: Retry | None) -> None:
        self.explored: Explored | None = None
        """What has been tried so far, while the worst is looked for."""
        self._exploration = exploration
        self._limits = limits
        self._retry = retry
        self._worst: tuple[tuple[str, ...], Timeline] | None = None
        """The schedule that breaks it worst, and its picture."""

    # a run

    async def rule(self, bench: LabBench, controller: Controller, run: Run, strikes: Sequence[Strike]) -> Ruling:
        """Return what the check says of a run that has ended; of crashes the retry is sent first."""
        if self._retry is not None:
            async with time_passing(bench.actors):
                return await self._rule_of_crash(controller, strikes, self._retry)
        if strikes:
            return self._unjudged(controller, strikes)
        try:
            await self._exploration.look(bench, controller)
        except Finding as finding:
            return self._broken(finding, controller, run)
        return Ruling(broken=False, seen="it holds in this order")

    def _unjudged(self, controller: Controller, strikes: Sequence[Strike]) -> Ruling:
        """Return what happened in a run with crashes, which the check does not judge."""
        told: list[str] = []
        log: list[str] = []
        for name, outcome, failure in zip(
            self._exploration.names, controller.outcomes, controller.failures, strict=True
        ):
            if isinstance(outcome, Answer):
                told.append(f"{name} was answered {outcome.status}")
                if outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    log += telling(printed(outcome.log))
            else:
                told.append(f"{name} got no answer")
                log += telling(failure.evidence) if isinstance(failure, Finding) else ()
        seen = f"{'. '.join(strike.told for strike in strikes)}. {', '.join(told)}"
        return Ruling(broken=None, seen=f"{seen}. The check judges runs without a crash only", printed=tuple(log))

    def _broken(self, finding: Finding, controller: Controller, run: Run) -> Ruling:
        if self._worst is not None and self._worst[0] == run.schedule:
            drawn = self._worst[1]
        else:
            scene = self._exploration.scene(finding, controller.statements, controller.outcomes)
            drawn = picture_of_run(scene, run, None, "")
        return Ruling(
            broken=True,
            seen=finding.seen,
            expected=finding.expected,
            anomaly=drawn.anomaly,
            why=f"{drawn.why} Nearest good order: {drawn.nearest}." if drawn.nearest else "",
            token=str(self._exploration.token(schedule=run.schedule)),
            printed=telling(finding.evidence),
        )

    async def _rule_of_crash(self, controller: Controller, strikes: Sequence[Strike], retry: Retry) -> Ruling:
        if len(strikes) > 1:
            return Ruling(broken=None, seen="this check judges one crash, and there were several")
        fault = strikes[0].fault if strikes else None
        token = str(self._exploration.token(fault=str(fault))) if fault is not None else ""
        try:
            killed = fault is not None and fault.verb == "kill"
            first = None if killed else controller.answers[0]  # a Finding where a request got none
            second = await self._exploration.holds_after(first, retry, fault, ())
        except Finding as finding:
            lanes = finding.timeline.lanes if finding.timeline is not None else ()
            retried = "".join(lane.outcome for lane in lanes[1:])
            return Ruling(
                broken=True,
                seen=finding.seen,
                expected=finding.expected,
                retried=retried,
                token=token,
                printed=telling(finding.evidence),
            )
        seen = "it holds after this crash" if fault is not None else "it holds without a crash"
        return Ruling(broken=False, seen=seen, retried=str(second.status) if second is not None else "")

    def stuck(self, bench: LabBench, controller: Controller, stuck: Stuck, strikes: Sequence[Strike]) -> Ruling:
        """Return what there is to say of a run in which nothing moves any more; its replicas are made anew."""
        finding = self._exploration.stuck(bench, controller, stuck)
        token = finding.timeline.token if finding.timeline is not None and not strikes else ""
        return Ruling(broken=True, seen=finding.seen, expected=finding.expected, token=token)

    # all runs

    async def worst_race(self, bench: LabBench, controller: Controller) -> tuple[str, tuple[Move, ...]]:
        """Explore everything; return what there is to say, and the moves of the wrong run with the fewest switches."""
        explorer = Explorer(controller, partial(self._exploration.look, bench, controller), self._limits)
        self.explored, self._worst = explorer.explored, None
        try:
            explored = await explorer.explore(self._exploration.names)
            enough = self._limits is not None and self._limits.enough
            self._exploration.conclude(explored, controller, enough=enough)
        except Stuck as stuck:
            return self._planned(stuck.shortest, self._exploration.stuck(bench, controller, stuck))
        except Finding as finding:
            assert explorer.explored.counterexample is not None  # noqa: S101 -- it is its finding
            return self._planned(explorer.explored.counterexample.run.schedule, finding)
        except Inconclusive as inconclusive:
            return f"{inconclusive}.", ()
        finally:
            self.explored = None
        return f"There is none: tried {explored}, and it held in all of them.", ()

    def _planned(self, schedule: tuple[str, ...], finding: Finding) -> tuple[str, tuple[Move, ...]]:
        assert finding.timeline is not None  # noqa: S101 -- one of an exploration has it
        self._worst = schedule, finding.timeline
        return finding.timeline.explored or str(finding), tuple(Move(actor) for actor in schedule)

    async def worst_crash(self, retry: Retry) -> tuple[str, tuple[Move, ...]]:
        """Try every crash, on a bench of its own; return what there is to say, and the moves of the first wrong one."""
        try:
            runs = await self._exploration.sweep(retry)
        except Finding as finding:
            fault = Fault.read(Token.read(finding.timeline.token).fault) if finding.timeline is not None else None
            if fault is None:
                return f"Without a crash already: {finding}.", ()
            moves = (*[Move("A")] * (fault.index - 1), Move("A", fault.verb, fault.place))
            return f"It does not hold when {fault.told} (step {fault.index}).", moves
        except Inconclusive as inconclusive:
            return f"{inconclusive}.", ()
        return f"There is none: tried {runs} crashes, and it held after each of them.", ()
