"""What makes two runs one, and how a run is told in the fewest turns."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings

from grader.explore.order import class_of, fewest_switches, nearest
from grader.explore.values import Decision, Event, Footprint, Held, Phase, Run, Step
from grader.tests.explore.programs import (
    FOR_UPDATE,
    LOST_UPDATE,
    TRANSFER,
    TRANSFER_BACK,
    classes,
    program,
    several_programs,
)
from grader.tests.explore.simulator import Program, dependent, follow
from grader.wire import Category

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


def made(programs: list[Program], schedule: str) -> Run:
    """Return the run of a schedule."""
    return follow(programs, tuple(schedule))[0]


def kind(programs: list[Program], schedule: str) -> Hashable:
    """Return the class of a schedule."""
    return class_of(made(programs, schedule), dependent)


def switches(schedule: Sequence[str]) -> int:
    """Return how often a schedule goes from one actor to another."""
    return sum(one != other for one, other in pairwise(schedule))


def said(event: Event) -> str:
    """Return an event in short."""
    return f"{event.actor}{event.step.index} {event.phase}"


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(several_programs())
def test_runs_of_one_class_have_one_outcome(programs: list[Program]) -> None:
    """Whatever the programs, runs of one class read and write the same."""
    for runs in classes(programs).values():
        assert len({simulator.outcome for _, simulator in runs}) == 1


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(several_programs())
def test_the_schedule_with_the_fewest_switches_is_of_the_class(programs: list[Program]) -> None:
    """It can be run, and what comes of it is equivalent."""
    for there, runs in classes(programs).items():
        schedule = fewest_switches(runs[-1][0], dependent)
        again, _ = follow(programs, schedule)
        assert again.schedule == schedule
        assert class_of(again, dependent) == there


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(several_programs(plain=True))
def test_no_schedule_of_the_class_switches_less(programs: list[Program]) -> None:
    """Whichever run of a class it is asked of, the answer is the class's first schedule by switches and names."""
    for runs in classes(programs).values():
        first = min((run.schedule for run, _ in runs), key=lambda way: (switches(way), way))
        assert {fewest_switches(run, dependent) for run, _ in (runs[0], runs[-1])} == {first}


def test_independent_steps_may_be_swapped() -> None:
    """The order of two reads does not make a class; that of a read and another's commit does."""
    programs = [LOST_UPDATE] * 2
    assert kind(programs, "ABAABB") == kind(programs, "BAAABB")
    assert kind(programs, "ABAABB") != kind(programs, "AAABBB")


def test_when_a_step_began_to_wait_makes_a_class() -> None:
    """A change that waited for another's commit is not one that came after it: what it saw is older."""
    programs = [LOST_UPDATE] * 2
    waited, came_later = made(programs, "ABABAB"), made(programs, "ABAABB")
    assert [said(event) for event in waited.events if event.actor == "B"][1:3] == ["B2 release", "B2 complete"]
    assert class_of(waited, dependent) != class_of(came_later, dependent)


def test_who_dies_of_a_deadlock_makes_a_class() -> None:
    """The changes that close a circle of waits touch different things, and yet their order matters."""
    programs = [TRANSFER, TRANSFER_BACK]
    one, other = made(programs, "ABABB"), made(programs, "ABBAA")
    assert [(event.actor, event.error) for run in (one, other) for event in run.events if event.error] == [
        ("B", "40P01"),
        ("A", "40P01"),
    ]
    assert class_of(one, dependent) != class_of(other, dependent)


def test_a_deadlock_is_one_event_however_late_it_was_noticed() -> None:
    """A step that began to wait and died of it at once is the same as one that was never seen waiting."""
    run = made([TRANSFER, TRANSFER_BACK], "ABABB")
    late = next(decision for decision in run.decisions if any(event.error for event in decision.events))
    release, death, *others = late.events
    early = replace(late, events=(replace(death, phase=Phase.WHOLE, forced=False), *others))
    assert (release.phase, death.phase) == (Phase.RELEASE, Phase.COMPLETE)
    assert class_of(run, dependent) == class_of(
        replace(run, decisions=[early if one is late else one for one in run.decisions]), dependent
    )


def test_the_fewest_switches_keep_what_waited_waiting() -> None:
    """B's change is still let go before the commit that it waits for; its read goes along with it."""
    programs = [LOST_UPDATE] * 2
    assert fewest_switches(made(programs, "ABABAB"), dependent) == tuple("AABBAB")
    assert fewest_switches(made(programs, "ABAABB"), dependent) == tuple("BAAABB")


def test_the_fewest_switches_wait_for_a_timer() -> None:
    """What came to its gate when nothing else was left stays behind all that was done by then."""
    run = Run()
    index = {"A": 1, "B": 1, "C": 1}
    for held, chosen in (("ABC", "B"), ("AC", "C"), ("A", "A"), ("B", "B")):
        steps = {a: Step(a, index[a], "redis", ("GET",), ((),), Category.STATEMENT) for a in held}
        gates = tuple(Held(step, Footprint()) for step in steps.values())
        run.decisions.append(Decision(gates, chosen, (Event(steps[chosen], Phase.WHOLE, Footprint()),)))
        index[chosen] += 1
    assert fewest_switches(run, dependent) == tuple("ACBB")


def test_the_nearest_good_order() -> None:
    """B read too early: had A's commit come before that, all would have been well."""
    programs = [LOST_UPDATE] * 2
    bad = made(programs, "ABAABB")
    good = [made(programs, "BBBAAA"), made(programs, "AAABBB")]
    found = nearest(bad, good, dependent)
    assert found is not None
    first, second, run = found
    assert (said(first), said(second), run) == ("B1 whole", "A3 whole", good[1])


def test_the_nearest_good_order_of_a_step_that_waited() -> None:
    """It may be enough that a step is let go after what it had waited for."""
    programs = [program("UPDATE x", "COMMIT")] * 2
    found = nearest(made(programs, "ABAB"), [made(programs, "AABB")], dependent)
    assert found is not None
    assert (said(found[0]), said(found[1])) == ("B1 release", "A2 whole")


def test_of_several_pairs_the_widest_is_told() -> None:
    """Where the whole of B would have to come first, it is its commit before A's read."""
    programs = [LOST_UPDATE] * 2
    found = nearest(made(programs, "ABAABB"), [made(programs, "BBBAAA")], dependent)
    assert found is not None
    assert (said(found[0]), said(found[1])) == ("A1 whole", "B3 whole")


def test_where_no_good_order_differs() -> None:
    """Without a run in which some pair is turned round there is no nearest one."""
    programs = [FOR_UPDATE] * 2
    run = made(programs, "AAABBB")
    assert nearest(run, [], dependent) is None
    assert nearest(run, [run], dependent) is None
    waited = made([LOST_UPDATE] * 2, "ABABAB")
    assert nearest(waited, [waited], dependent) is None
