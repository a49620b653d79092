"""Schedules and crashes tried to be looked at: what a check would raise at the first of them, as values of all."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

from grader.explore.every import Every
from grader.explore.explorer import NoSuchScheduleError
from grader.explore.independence import dependent
from grader.explore.order import class_of, nearest
from grader.explore.picture import picture_of_run
from grader.explore.token import Token
from grader.explore.wording import text_of
from grader.lab import Request
from grader.lab.exploring import Exploration
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from grader.explore.controller import Controller
    from grader.explore.crash import Fault
    from grader.explore.values import Held, Run
    from grader.lab import Holds, Lab, Process, Retry, Tables
    from grader.lab.actors import LabBench
    from grader.lab.after import SetUp
    from grader.verdict import Timeline

MOST_SCHEDULES = 500
"""Schedules that are run where all are wanted; what has more is not a picture."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an exploration said: how many `classes`, whether those are all, which schedule broke first, the finding.

    How many schedules it takes to see the classes is the search's own affair, and changes with it.
    """

    classes: int
    complete: bool
    first_wrong: int | None
    finding: Finding | None

    def __repr__(self) -> str:
        found = f"number {self.first_wrong} broke it: {self.finding.seen}" if self.finding else "none broke it"
        extent = f"complete, {self.classes} classes" if self.complete else f"bounded, {self.classes} classes so far"
        return f"{extent}; {found}"


@dataclass(frozen=True, slots=True)
class Played:
    """One schedule as it was run: who was let go with which statement, what was answered, what is wrong with it."""

    schedule: tuple[str, ...]
    steps: tuple[str, ...]
    """The statement of each step."""
    statuses: tuple[int, ...]
    wrong: str
    """What was seen that must not be; empty where all holds."""
    kind: int
    """The number of its class among the schedules it was run with, from 1."""
    timeline: Timeline

    @property
    def token(self) -> str:
        """The schedule as replay tokens write it, a dot where another goes on."""
        return _named(self.schedule)


@dataclass(frozen=True, slots=True)
class Schedules:
    """Every schedule of some requests."""

    all: tuple[Played, ...]

    @property
    def wrong(self) -> tuple[Played, ...]:
        """Those that break what must hold."""
        return tuple(played for played in self.all if played.wrong)

    @property
    def classes(self) -> int:
        """How many can be told apart."""
        return len({played.kind for played in self.all})

    def __repr__(self) -> str:
        return f"{len(self.all)} schedules, {self.classes} classes, {len(self.wrong)} schedules wrong"


@dataclass(frozen=True, slots=True)
class Crash:
    """What a request left behind that was hit at one of its steps and tried again.

    `verb` is empty where nothing was done to it; `wrong` is what was seen that must not be.
    """

    verb: str
    place: str
    step: int
    text: str
    """The statement of the step."""
    wrong: str
    finding: Finding | None = None


async def explore(lab: Lab, *, given: Tables, requests: Sequence[Request], holds: Holds) -> Trial:
    """Explore as a check does, and return what it said; raises what a check would, but for a Finding.

    The docstring of `holds` is the title of the picture, as that of a check is.
    """
    lab.title = _sentence(holds)
    exploration = Exploration(lab, given, requests, holds, None, 1)
    finding: Finding | None = None
    try:
        await exploration.explore(None, None)
    except Finding as found:
        finding = found
    explored = exploration.explored
    first = explored.tried.index(explored.failing[0]) + 1 if explored.failing else None
    return Trial(explored.classes, explored.complete, first, finding)


async def every_schedule(lab: Lab, *, given: Tables, requests: Sequence[Request], holds: Holds) -> Schedules:
    """Run every schedule of two or three requests, equivalent ones too, and return them by their names.

    Raises ValueError where there are more than MOST_SCHEDULES.
    """
    return Schedules(tuple(await _Stage(lab, given, requests, holds, None, 1).every()))


async def play(lab: Lab, schedule: str, *, given: Tables, requests: Sequence[Request], holds: Holds) -> Played:
    """Run one schedule, such as `A.BB.A`; where it ends before the requests do, they go on in the order of their names.

    Raises NoSuchScheduleError where somebody in it has no step to take there, since it waits or has been answered.
    """
    return await _Stage(lab, given, requests, holds, None, 1).one(Token.read(f"notebook:{schedule}").schedule)


async def crashes(  # noqa: PLR0913 -- by name, as a check says it
    lab: Lab,
    *,
    given: Tables,
    request: Request | Process,
    holds: Holds,
    retry: Retry | None = None,
    set_up: SetUp | None = None,
) -> tuple[Crash, ...]:
    """Crash a request, or a round of a process, at each of its steps in turn, and return what was found at each.

    The first is the request with its retry and no crash. `retry` is what the client sends then, the same without it;
    a process is started again and gets none. `set_up` is awaited when the rows are there.
    """
    again = retry or (lambda _: request if isinstance(request, Request) else None)
    lab.title = _sentence(holds)
    exploration = Exploration(lab, given, [request], holds, set_up, 1)
    noted: list[tuple[Fault | None, Finding | None]] = []
    await exploration.sweep(again, lambda fault, finding: noted.append((fault, finding)))
    texts = [text_of(statement) for statement in exploration.steps]
    return tuple(
        Crash(fault.verb, fault.place, fault.index, texts[fault.index - 1], finding.seen if finding else "", finding)
        if fault
        else Crash("", "", 0, "", finding.seen if finding else "", finding)
        for fault, finding in noted
    )


class _Stage(Exploration):
    """An exploration that runs what it is told, and returns each schedule with what came of it."""

    async def every(self) -> list[Played]:
        """Run all schedules."""
        bench, controller = await self.set_up(None)
        every = Every()
        found: list[tuple[Played, Hashable]] = []
        try:
            await self.warm(bench)
            while (choose := every.next()) is not None:
                if len(found) == MOST_SCHEDULES:
                    raise ValueError(f"more than {MOST_SCHEDULES} schedules; explore() runs one of each class")
                run = await controller.run(choose)
                every.took(run)
                found.append((await self._played(run, bench, controller), class_of(run, dependent)))
        finally:
            bench.free_time()
        found.sort(key=lambda one: one[0].schedule)
        kinds: dict[Hashable, int] = {}
        return [replace(played, kind=kinds.setdefault(kind, len(kinds) + 1)) for played, kind in found]

    async def one(self, schedule: Sequence[str]) -> Played:
        """Run one schedule, after the serial orders, with which it is compared."""
        bench, controller = await self.set_up(None)
        names = [actor.name for actor in bench.actors]
        right: list[Run] = []
        try:
            await self.warm(bench)
            for order in permutations(names):
                run = await controller.run(partial(_in_turn, order))
                if not (await self._played(run, bench, controller)).wrong:
                    right.append(run)
            run = await controller.run(partial(_following, schedule))
            return await self._played(run, bench, controller, right)
        finally:
            bench.free_time()

    async def _played(self, run: Run, bench: LabBench, controller: Controller, right: Sequence[Run] = ()) -> Played:
        finding: Finding | None = None
        try:
            await self.look(bench, controller)
        except Finding as found:
            finding = found
        scene = replace(self.scene(finding, controller.statements, controller.outcomes), title=_named(run.schedule))
        differs = nearest(run, right, dependent) if finding is not None and right else None
        timeline = picture_of_run(scene, run, differs, "")
        if finding is None:
            timeline = replace(timeline, moments=tuple(replace(moment, bad=False) for moment in timeline.moments))
        return Played(
            schedule=run.schedule,
            steps=tuple(text_of(controller.statements[decision.events[0].step][0]) for decision in run.decisions),
            statuses=tuple(answer.status for answer in controller.answers),
            wrong=finding.seen if finding else "",
            kind=1,
            timeline=timeline,
        )


def _sentence(holds: Holds) -> str:
    """Return what must hold, as its docstring says it."""
    return (inspect.getdoc(holds) or "What must hold.").partition("\n\n")[0]


def _in_turn(order: Sequence[str], run: Run, held: Sequence[Held]) -> str:
    """Choose the first of these actors that has a step to take."""
    del run
    return min((one.actor for one in held), key=lambda name: (order.index(name[0]), name))


def _following(schedule: Sequence[str], run: Run, held: Sequence[Held]) -> str:
    """Choose as a schedule says, and the first by name after its end."""
    at = len(run.decisions)
    ready = sorted(one.actor for one in held)
    if at >= len(schedule):
        return ready[0]
    if schedule[at] in ready:
        return schedule[at]
    raise NoSuchScheduleError(
        f"step {at + 1} is {schedule[at]}'s, which has no step to take: it waits for a lock, or has been answered; "
        f"only {' and '.join(ready)} can go on"
    )


def _named(schedule: Sequence[str]) -> str:
    return str(Token("", schedule=tuple(schedule))).lstrip(":")
