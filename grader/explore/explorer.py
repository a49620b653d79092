"""Every distinguishable interleaving of two or three requests: in which order they are tried, and what is said of them.

Serial orders first, since what breaks there is no race; then another's whole request between a read and what follows
it, where most races lie; then everything, class by class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

from grader.explore.controller import LATER
from grader.explore.independence import dependent
from grader.explore.order import class_of, fewest_switches, nearest
from grader.explore.search import Diverged, Search
from grader.explore.steady import Places
from grader.explore.values import Phase, Run
from grader.verdict import Finding, Inconclusive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence

    from grader.explore.controller import Before, Controller
    from grader.explore.values import Event, Held

    Choose = Callable[[Run, Sequence[Held]], str | None]

REPEATED = 20
"""One schedule in so many is run again, and must come out the same."""
CONFIRMED = 10
"""A counterexample is run so many times before it is shown."""
PATIENCE = 3
"""Times that one request is let sleep while others are held, where they are to go one after the other."""
ASTRAY = 50
"""One schedule in so many may lead elsewhere, as chance has it on a busy machine; and one in all."""
ATTEMPTS = 3
"""A schedule that leads elsewhere than it did before is run again, so many times in all."""
AFTER_THE_FIRST = 40
"""Schedules that are still tried once one has broken the code."""


class NoSuchScheduleError(Exception):
    """The code does not have the schedule of a token any more; the message says where it differs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be tried: `classes` of schedules, `schedules` in all."""

    classes: int = 200
    schedules: int = 1000
    enough: bool = False
    """So much will do where that is not all there is."""


@dataclass(slots=True)
class Tried:
    """One schedule that was run to its end: what it looked like, and the finding where it broke the invariant."""

    run: Run
    kind: Hashable
    finding: Finding | None = None


@dataclass(slots=True)
class Explored:
    """What was tried, and what came of it."""

    tried: list[Tried] = field(default_factory=list)
    given_up: int = 0
    """Runs that were given up, since their class had been seen."""
    complete: bool = False
    counterexample: Tried | None = None
    replayed: int = 0
    """How many of `CONFIRMED` runs of the counterexample broke the invariant again."""
    serial: tuple[str, ...] = ()
    """The order of the requests, where they break the invariant one after the other already."""

    @property
    def classes(self) -> int:
        """Different classes among the schedules."""
        return len({tried.kind for tried in self.tried})

    @property
    def overlapped(self) -> bool:
        """Whether the transactions of two requests overlapped in a schedule."""
        return any(_overlapped(tried.run) for tried in self.tried)

    @property
    def could_overlap(self) -> bool:
        """Whether in some schedule two requests took two steps each; one of a single step overlaps with nothing."""
        counts = (Counter(name[0] for name in tried.run.schedule) for tried in self.tried)
        return any(sum(steps > 1 for steps in count.values()) > 1 for count in counts)

    @property
    def schedules(self) -> int:
        """Schedules that were run, those that were given up included."""
        return len(self.tried) + self.given_up

    @property
    def failing(self) -> list[Tried]:
        """The schedules that broke the invariant."""
        return [tried for tried in self.tried if tried.finding is not None]

    @property
    def nearest_good(self) -> tuple[Event, Event, Run] | None:
        """The pair of events whose other order makes the counterexample right, and the run in which it did."""
        good = [tried.run for tried in self.tried if tried.finding is None]
        return nearest(self.counterexample.run, good, dependent) if self.counterexample and good else None

    def __str__(self) -> str:
        classes = f"{self.classes} class{'es' * (self.classes != 1)}"
        extent = f"complete, {classes}" if self.complete else f"bounded, {classes} so far"
        return f"{self.schedules} schedule{'s' * (self.schedules != 1)} ({extent})"


class Explorer:
    """Explores one set of requests; `look` raises a Finding where a run's answers or rows break the invariant."""

    def __init__(
        self, controller: Controller, look: Callable[[], Awaitable[None]], limits: Limits | None = None
    ) -> None:
        self._controller = controller
        self._look = look
        self._limits = limits or Limits()
        self.explored = Explored()
        """What has been tried so far."""
        self._places = Places()
        self._settled: list[Run] = []
        """Finished runs of which the decisions say it all: no time was let pass, and the server chose nothing."""

    async def explore(self, actors: Sequence[str]) -> Explored:
        """Try everything within the limits; raises Inconclusive where runs do not come out the same, and Stuck."""
        explored = self.explored
        await self._serial_orders(actors)
        if explored.serial:
            return explored
        await self._targeted(actors)
        try:
            whole = await self._search()
            explored.complete = whole and not any(tried.run.ambiguous for tried in explored.tried)
            self._require_steady()
        except Inconclusive:
            if not explored.failing:  # what was seen broken is broken
                raise
        if explored.failing:
            await self._confirm()
        return explored

    async def replay(self, actors: Sequence[str], schedule: Sequence[str], before: Before | None = None) -> Explored:
        """Run one schedule, and the serial orders before it, to compare it with what is right.

        `before` is awaited before each step of the schedule. Raises NoSuchScheduleError where the code takes other
        steps.
        """
        await self._serial_orders(actors)
        self._controller.before = before
        tried = await self._run(self._following(schedule, exactly=True))
        if tried.run.schedule != tuple(schedule):
            raise NoSuchScheduleError(f"every request was answered after {len(tried.run.schedule)} steps")
        explored = self.explored
        explored.tried.append(tried)
        explored.counterexample, explored.replayed = (tried if tried.finding is not None else None), CONFIRMED
        explored.serial = explored.serial if tuple(schedule) == _serial_schedule(schedule) else ()
        return explored

    def _enough(self) -> bool:
        explored = self.explored
        if explored.failing:
            first = explored.tried.index(explored.failing[0])
            return explored.schedules > first + AFTER_THE_FIRST
        return explored.classes >= self._limits.classes or explored.schedules >= self._limits.schedules

    async def _serial_orders(self, actors: Sequence[str]) -> None:
        """Run the requests one after the other in every order, until that breaks the invariant."""
        for order in permutations(actors):
            tried = await self._tried(self._in_order(order))
            if tried is not None and tried.finding is not None:
                if not _overlapped(tried.run):  # what sleeps in a thread cannot be waited for
                    self.explored.counterexample, self.explored.serial = tried, order
                return

    async def _targeted(self, actors: Sequence[str]) -> None:
        """Run all of the others after each step of one, until one breaks the invariant."""
        longest = [run.schedule for run in (tried.run for tried in self.explored.tried)]
        for prefix, rest in _interruptions(actors, longest):
            tried = await self._tried(self._following(prefix, then=rest))
            if tried is not None and tried.finding is not None:
                return

    def _require_steady(self) -> None:
        """Raise Inconclusive where one run in many, or more than one of few, did not do as the others did."""
        astray = self._places.astray
        if astray > 1 + self.explored.schedules // ASTRAY and self.explored.overlapped:
            raise Inconclusive(
                f"{astray} of {self.explored.schedules} schedules did not lead to the same place as others that began "
                "as they did: what the service does is not settled by its requests and their order"
            )

    async def _search(self) -> bool:
        """Try class after class until enough is known; return whether that was all there are."""
        search = Search(dependent)
        while (plan := search.next()) is not None:
            if self._enough():
                return False
            for left in reversed(range(ATTEMPTS)):
                try:
                    search.took(self._made_before(plan.choose) or await self._try(plan.choose))
                    break
                except Diverged as diverged:
                    self._settled.clear()
                    if not left:
                        message = f"the same schedule did not lead to the same place {ATTEMPTS} times: {diverged}"
                        raise Inconclusive(message) from diverged
        return True

    def _made_before(self, choose: Choose) -> Run | None:
        """Return the run that choosing so leads to, if it is one of those that were made already."""
        return next((run for run in self._settled if _chosen_so(choose, run)), None)

    async def _try(self, choose: Choose) -> Run:
        tried = await self._tried(choose)
        return tried.run if tried is not None else self._last

    async def _tried(self, choose: Choose) -> Tried | None:
        """Run a schedule and keep what came of it; one in twenty is run again. None where it was given up."""
        tried = await self._run(choose)
        self._last = tried.run
        if not tried.run.finished:
            self.explored.given_up += 1
            return None
        self.explored.tried.append(tried)
        if len(self.explored.tried) % REPEATED == 0 and tried.finding is None and not tried.run.ambiguous:
            await self._repeat(tried)
        return tried

    async def _run(self, choose: Choose) -> Tried:
        run = await self._controller.run(choose)
        if not self._controller.time_went_on:
            self._places.note(run)
            if run.finished and not run.ambiguous:
                self._settled.append(run)
        tried = Tried(run, class_of(run, dependent) if run.finished else None)
        if run.finished:
            try:
                await self._look()
            except Finding as finding:
                tried.finding = finding
        return tried

    async def _repeat(self, tried: Tried) -> None:
        for _ in range(2):
            again = await self._run(self._following(tried.run.schedule))
            if again.finding is not None:  # seen broken is broken, whether or not it can be repeated
                self.explored.tried.append(again)
                return
            if again.kind == tried.kind:
                return
        schedule = "".join(tried.run.schedule)
        raise Inconclusive(f"the schedule {schedule} did not come out the same when it was run again")

    async def _confirm(self) -> None:
        """Choose the schedule with the fewest switches among those that break the invariant, and run it ten times."""
        explored = self.explored
        ways = {fewest_switches(tried.run, dependent): tried for tried in explored.failing}
        for schedule in sorted(ways, key=lambda way: (_switches(way), way)):
            again = [await self._run(self._following(schedule)) for _ in range(CONFIRMED)]
            broken = [tried for tried in again if tried.finding is not None and tried.run.finished]
            if broken:
                explored.counterexample, explored.replayed = broken[-1], len(broken)
                if again[-1] is not broken[-1]:  # what the controller holds of the last run must be of this one
                    continue
                return
        if explored.counterexample is None:
            explored.counterexample = explored.failing[0]

    def _following(self, schedule: Sequence[str], *, then: Sequence[str] = (), exactly: bool = False) -> Choose:
        """Return a way to choose that follows a schedule, and goes on with the actors in the order of `then`."""
        afterwards = self._in_order(then)

        def choose(run: Run, held: Sequence[Held]) -> str | None:
            at = len(run.decisions)
            if at >= len(schedule):
                if exactly and {one.actor for one in held} != {schedule[-1]}:  # else it may be one without end
                    steps = ", ".join(f"{one.actor}: {one.step.texts[0]}" for one in held)
                    raise NoSuchScheduleError(f"after all of its steps there were more ({steps})")
                return afterwards(run, held)
            if any(one.actor == schedule[at] for one in held):
                return schedule[at]
            if self._controller.sleeps(schedule[at][0]):
                return LATER
            if exactly:
                raise NoSuchScheduleError(f"at its step {at + 1} {schedule[at]} has no step to take")
            return afterwards(run, held)

        return choose

    def _in_order(self, order: Sequence[str]) -> Choose:
        """Return a way to choose that lets the first of these actors go that is not done, with all its connections.

        One that sleeps is waited for: its time goes on while the others are held. Not again and again: it may poll.
        """
        waited = Counter[str]()

        def choose(run: Run, held: Sequence[Held]) -> str | None:
            del run
            for actor in order:
                own = [one.actor for one in held if one.actor[0] == actor]
                if own:
                    return min(own)
                if waited[actor] < PATIENCE and self._controller.sleeps(actor):
                    waited[actor] += 1
                    return LATER
            return min(one.actor for one in held)

        return choose


def _chosen_so(choose: Choose, made: Run) -> bool:
    """Whether a way to choose takes each decision of a run that was made."""
    run = Run()
    for decision in made.decisions:
        if choose(run, decision.held) != decision.chosen:
            return False
        run.decisions.append(decision)
    return True


def _overlapped(run: Run) -> bool:
    """Whether something of one request happened between the first and the last of another, or waited for it."""
    actors = [event.actor[0] for event in run.events]
    changes = sum(one != other for one, other in pairwise(actors))
    return changes >= len(set(actors)) > 0 or any(event.phase is Phase.RELEASE for event in run.events)


def _serial_schedule(schedule: Sequence[str]) -> tuple[str, ...]:
    """Return the same steps, one actor after the other, in the order in which the actors begin."""
    return tuple(sorted(schedule, key=schedule.index))


def _switches(schedule: Sequence[str]) -> int:
    return sum(one != other for one, other in pairwise(schedule))


def _interruptions(
    actors: Sequence[str], serial: Sequence[Sequence[str]]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield beginnings of one actor, from one step on, each with the order in which the others and it go on."""
    for name in actors:
        steps = max((sum(actor[0] == name for actor in schedule) for schedule in serial), default=0)
        for taken in range(1, min(steps, 6)):
            yield (name,) * taken, (*(other for other in actors if other != name), name)
