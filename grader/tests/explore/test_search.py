"""The search sees every class, and hardly one twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings

from grader.explore.order import class_of
from grader.explore.search import Diverged, Plan, Search
from grader.explore.values import Access, Decision, Event, Footprint, Held, Mode, Phase, Run, Step
from grader.tests.explore.programs import (
    FOR_UPDATE,
    LOST_UPDATE,
    TRANSFER,
    TRANSFER_BACK,
    classes,
    program,
    several_programs,
)
from grader.tests.explore.simulator import Program, all_runs, dependent, run
from grader.wire import Category


def searched(programs: list[Program]) -> list[Run]:
    """Return the runs that the search makes of the programs."""
    search, runs = Search(dependent), []
    while (plan := search.next()) is not None:
        made, _ = run(programs, plan.choose)
        search.took(made)
        runs.append(made)
    return runs


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(several_programs())
def test_what_the_search_finds_is_all_there_is(programs: list[Program]) -> None:
    """The search finds the classes of all schedules, no more, and wastes few runs on the way."""
    there = classes(programs)
    runs = searched(programs)
    assert {class_of(made, dependent) for made in runs if made.finished} == there.keys()
    assert len(runs) <= len(there) * 1.25 + 2


CIRCLE = [
    program("UPDATE x", "UPDATE y", "COMMIT"),
    program("UPDATE y", "UPDATE z", "COMMIT"),
    program("UPDATE z", "UPDATE x", "COMMIT"),
]
UPGRADE = [program("SELECT … FOR SHARE x", "UPDATE x", "COMMIT")] * 2
ADDERS = [program("SELECT … FOR SHARE x", "SELECT count x!"), program("INSERT x!"), program("INSERT x!")]
BACKGROUND = [
    program("UPDATE y", "SELECT count x!", "INSERT x!"),
    replace(program("SELECT count y", "UPDATE y", "COMMIT"), after=("A", 1)),
    program("ROLLBACK", "COMMIT"),
]
SHARERS = [
    program("SELECT … FOR SHARE y", "UPDATE x", "SELECT … FOR SHARE y", "COMMIT"),
    replace(program("SELECT … FOR SHARE x!", "UPDATE x", "UPDATE y!"), after=("A", 1)),
    program("SELECT … FOR SHARE x", "SELECT … FOR SHARE y", "COMMIT"),
]
DONE_BEFORE = [
    program("UPDATE y", "COMMIT"),
    program("UPDATE x", "COMMIT"),
    program("UPDATE y", "ROLLBACK", "UPDATE x", "COMMIT"),
]


@pytest.mark.parametrize(
    ("programs", "schedules", "there", "runs"),
    [
        pytest.param([LOST_UPDATE] * 2, 14, 6, 6, id="lost update"),
        pytest.param([FOR_UPDATE] * 2, 6, 6, 6, id="for update"),
        pytest.param([LOST_UPDATE] * 3, 636, 96, 96, id="lost update of three"),
        pytest.param([FOR_UPDATE] * 3, 72, 72, 72, id="for update of three"),
        pytest.param([TRANSFER, TRANSFER_BACK], 8, 6, 6, id="deadlock"),
        pytest.param(CIRCLE, 285, 48, 50, id="deadlock of three"),
        pytest.param(UPGRADE, 8, 6, 6, id="deadlock over one thing"),
        pytest.param(ADDERS, 12, 10, 10, id="adders"),
        pytest.param(BACKGROUND, 203, 3, 3, id="background"),
        pytest.param(SHARERS, 233, 46, 46, id="sharers"),
        pytest.param(DONE_BEFORE, 224, 16, 16, id="asleep from before"),
    ],
)
def test_known_programs(programs: list[Program], schedules: int, there: int, runs: int) -> None:
    """Of these programs there are so many schedules and classes; so many runs are made, and they see every class."""
    known, made = classes(programs), searched(programs)
    assert {class_of(one, dependent) for one in made if one.finished} == known.keys()
    assert (sum(map(len, known.values())), len(known), len(made)) == (schedules, there, runs)


def test_two_that_are_waited_for_at_once() -> None:
    """A writer waits for two readers' locks: whichever of them ends last, what it then does may meet what follows."""
    programs = [
        program("SELECT … FOR SHARE x", "COMMIT"),
        program("SELECT … FOR SHARE x", "COMMIT", "SELECT x!"),
        program("UPDATE x!"),
    ]
    for order in permutations(programs):
        assert {class_of(made, dependent) for made in searched(list(order)) if made.finished} == classes(order).keys()


def test_two_that_go_on_at_once() -> None:
    """Two waiting steps go on in one decision, and the one that asked later need not have asked by then."""
    programs = [program("SELECT … FOR SHARE x!"), program("INSERT x", "COMMIT"), program("SELECT … FOR SHARE x!")]
    for order in permutations(programs):
        assert {class_of(made, dependent) for made in searched(list(order)) if made.finished} == classes(order).keys()


def test_where_all_depends_on_all() -> None:
    """Of steps that nothing is known of, every order is tried."""
    programs = [program("SELECT x!", "SELECT y!"), program("SELECT y!", "SELECT z!")]
    search, schedules = Search(lambda _, __: True), set()
    while (plan := search.next()) is not None:
        made, _ = run(programs, plan.choose)
        search.took(made)
        schedules.add(made.schedule)
    assert schedules == {made.schedule for made, _ in all_runs(programs)}


def test_where_nothing_depends_on_anything() -> None:
    """One run is enough where nobody meets."""
    assert len(searched([program("SELECT x", "UPDATE y", "COMMIT"), program("SELECT x", "UPDATE z", "COMMIT")])) == 1


def test_the_first_run_takes_one_actor_after_the_other() -> None:
    """Who went last goes on while it can, and then the first by name."""
    assert searched([LOST_UPDATE] * 2)[0].schedule == tuple("AAABBB")


def test_a_sleeper_is_woken_by_what_it_would_touch_now() -> None:
    """While a step is held, what it would touch may change; the latest counts."""

    def held(**things: str) -> tuple[Held, ...]:
        return tuple(
            Held(
                Step(actor, 1, "postgres", (actor,), ((),), Category.STATEMENT),
                Footprint(frozenset(Access(thing, Mode.CHANGE) for thing in touched)),
            )
            for actor, touched in things.items()
        )

    def made(*choices: tuple[tuple[Held, ...], str]) -> Run:
        return Run(
            [
                Decision(gates, one.actor, (Event(one.step, Phase.WHOLE, one.footprint),))
                for gates, chosen in choices
                for one in gates
                if one.actor == chosen
            ]
        )

    search = Search(dependent)
    search.next()
    search.took(made((held(A="x", B="y", C="x"), "A"), (held(B="y", C="x"), "B"), (held(C="x"), "C")))
    plan = search.next()
    assert plan is not None
    assert plan.prefix == ("B",)
    assert plan.choose(made((held(A="x", B="y", C="x"), "B")), held(A="x", C="x")) == "C"
    assert plan.choose(made((held(A="xy", B="y", C="x"), "B")), held(A="xy", C="x")) == "A"


def test_a_plan_stands_until_its_run_was_taken() -> None:
    """Asking again gives the same plan, and running it again the same run."""
    search = Search(dependent)
    plan = search.next()
    assert plan is not None
    assert search.next() is plan
    programs = [LOST_UPDATE] * 2
    assert run(programs, plan.choose)[0] == run(programs, plan.choose)[0]


def second_plan(programs: list[Program]) -> tuple[Search, Plan]:
    """Return a search that has taken its first run, and its next plan."""
    search = Search(dependent)
    for _ in range(2):
        plan = search.next()
        assert plan is not None
        if plan.prefix:
            return search, plan
        search.took(run(programs, plan.choose)[0])
    raise AssertionError


def test_other_steps_than_before_are_told() -> None:
    """A run in which another statement stands at a gate has diverged, and the place is named."""
    search, plan = second_plan([LOST_UPDATE] * 2)
    other, _ = run([LOST_UPDATE, program("SELECT z", "UPDATE x", "COMMIT")], plan.choose)
    with pytest.raises(Diverged, match=r"step 1 of .*: A with 'SELECT x', B with 'SELECT z' stood at the gates"):
        search.took(other)
    assert search.next() is plan


def test_another_choice_than_planned_is_told() -> None:
    """A run that does not follow its plan has diverged."""
    search, plan = second_plan([LOST_UPDATE] * 2)
    other, _ = run([LOST_UPDATE] * 2, lambda _, held: held[-1].actor)
    with pytest.raises(Diverged, match=r"step 1 of .*: B was let go, not A"):
        search.took(other)
    assert plan.prefix[0] == "A"


def test_a_run_that_ends_too_soon_is_told() -> None:
    """Where the actor that is to go stands at no gate, the run is given up, and has diverged."""
    search, plan = second_plan([LOST_UPDATE] * 2)
    other, _ = run([program("SELECT x"), LOST_UPDATE], plan.choose)
    assert not other.finished
    with pytest.raises(Diverged, match="where"):
        search.took(other)


def test_a_plan_may_be_tried_again() -> None:
    """After a run that diverged the same plan, run again, leads on to all that there is."""
    programs, runs = [program("SELECT x", "UPDATE y", "COMMIT"), program("SELECT y", "UPDATE x", "COMMIT")], []
    search = Search(dependent)
    while (plan := search.next()) is not None:
        if plan.prefix:
            with pytest.raises(Diverged):
                search.took(run(programs[::-1], plan.choose)[0])
        made, _ = run(programs, plan.choose)
        search.took(made)
        runs.append(made)
    assert {class_of(made, dependent) for made in runs if made.finished} == classes(programs).keys()


def test_parameters_may_differ() -> None:
    """Other parameters than before, a new key or the time, are no divergence."""
    search, plan = second_plan([LOST_UPDATE] * 2)
    again, _ = run([LOST_UPDATE] * 2, plan.choose)
    for number, decision in enumerate(again.decisions):
        held = tuple(replace(one, step=replace(one.step, parameters=((str(number),),))) for one in decision.held)
        again.decisions[number] = replace(decision, held=held)
    search.took(again)


def test_a_run_that_nobody_asked_for() -> None:
    """Runs are taken one for a plan."""
    search, plan = second_plan([LOST_UPDATE] * 2)
    made, _ = run([LOST_UPDATE] * 2, plan.choose)
    search.took(made)
    with pytest.raises(ValueError, match="no plan"):
        search.took(made)
