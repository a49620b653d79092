"""The controller lets one step go at a time, and knows what came of it: a wait, a deadlock, a timer, a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.explore.controller import LATER, Stuck
from grader.explore.values import Phase
from grader.tests.explore.designs import ENDLESS, RIGHT
from grader.tests.lab.handmade import OPENING, SAVES, controlled, in_turn, on_the_bench

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from grader.explore.values import Held, Run
    from grader.lab import Lab
    from grader.replica import Host
    from grader.services import Pair

    Bench = Callable[[str], AbstractAsyncContextManager[Lab]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CROSSED = """
async def restock(quantity: int, response: Response):
    titles = ["one", "two"] if quantity == 3 else ["two", "one"]
    try:
        async with transaction() as connection:
            for title in titles:
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [title])
    except psycopg.errors.DeadlockDetected:
        response.status_code = 409
"""
WANTS_MORE = """
async def restock(quantity: int, response: Response):
    try:
        async with transaction() as connection:
            await connection.execute("SELECT stock FROM books WHERE id = 1 FOR SHARE")
            await connection.execute("UPDATE books SET stock = stock + 1 WHERE id = 1")
    except psycopg.errors.DeadlockDetected:
        response.status_code = 409
"""
SLEEPS_AS_TOLD = """
async def restock(quantity: int):
    async with transaction() as connection:
        await connection.execute("SELECT 1 FROM books")
        await asyncio.sleep(quantity * 1000)
        await connection.execute("SELECT 2 FROM books")
"""


@pytest.fixture
def bench(tmp_path: Path, pair: Pair, host: Host) -> Bench:
    """Put a service on the bench."""
    return lambda design: on_the_bench(OPENING + design, tmp_path, pair, host)


def told(run: Run) -> list[str]:
    """Return the events of a run, each as an actor, its step's first word, and the phase where it is not the whole."""
    return [
        f"{event.actor} {event.step.texts[0].split()[0]}"
        + (f" {event.phase}" if event.phase is not Phase.WHOLE else "")
        for event in run.events
    ]


async def test_a_step_that_waits_is_two_events(bench: Bench) -> None:
    """A step that waits for a lock is released in one decision and completed in that which ends the wait."""
    async with bench(RIGHT["locks the row"]) as lab, controlled(lab) as controller:
        run = await controller.run(in_turn("A", "B", "A", "A"))
    assert told(run) == [
        "A SELECT",
        "B SELECT release",
        "A UPDATE",
        "A COMMIT",
        "B SELECT complete",
        "B UPDATE",
        "B COMMIT",
    ]
    assert run.schedule == ("A", "B", "A", "A", "B", "B")
    assert [decision.waiting for decision in run.decisions] == [(), (), ("B",), ("B",), (), ()]
    assert run.finished
    assert not run.ambiguous


async def test_who_closes_a_circle_of_waits_is_its_victim(bench: Bench) -> None:
    """Of two requests that wait for each other the one that came last ends in a deadlock, again and again."""
    async with bench(CROSSED) as lab, controlled(lab) as controller:
        for first, last in [("A", "B"), ("B", "A")] * 3:
            run = await controller.run(in_turn(first, last, first, last))
            died = [event.actor for event in run.events if event.error == "40P01"]
            assert died == [last]
            assert {answer.request.params["quantity"]: answer.status for answer in controller.answers} == {
                "3": 409 if last == "A" else 200,
                "4": 409 if last == "B" else 200,
            }


async def test_who_wants_more_of_what_both_have_closes_a_circle(bench: Bench) -> None:
    """Of two that share a row and both want to write it, the one that says so last is the victim, each time."""
    async with bench(WANTS_MORE) as lab, controlled(lab) as controller:
        for first, last in [("A", "B"), ("B", "A")] * 3:
            run = await controller.run(in_turn("A", "B", first, last))
            assert [event.actor for event in run.events if event.error == "40P01"] == [last]


async def test_a_run_that_is_given_up_leaves_nothing_behind(bench: Bench) -> None:
    """After a run that was given up in the middle, with one waiting for the other, the next is as ever."""
    async with bench(RIGHT["locks the row"]) as lab, controlled(lab) as controller:
        before = await controller.run(in_turn("A", "B"))
        given_up = await controller.run(lambda run, _: (*"AB", None)[len(run.decisions)])
        after = await controller.run(in_turn("A", "B"))
    assert not given_up.finished
    assert told(after) == told(before)


async def test_who_sleeps_less_wakes_first(bench: Bench) -> None:
    """Of two that sleep, the one that sleeps less goes on first, and no real time passes; they have one time."""
    async with bench(SLEEPS_AS_TOLD) as lab, controlled(lab) as controller:
        run = await controller.run(in_turn("B", "A"))
        assert told(run)[:4] == ["B SELECT", "A SELECT", "A SELECT", "A COMMIT"]


async def test_time_can_go_on_while_another_is_held(bench: Bench) -> None:
    """Where it is chosen, time goes on before a step that stands at its gate."""

    def choose(_: Run, held: Sequence[Held]) -> str:
        own = [one.actor for one in held if one.actor == "A"]
        return own[0] if own else LATER if controller.sleeps("A") else held[0].actor

    async with bench(SLEEPS_AS_TOLD) as lab, controlled(lab) as controller:
        run = await controller.run(choose)
    assert run.schedule == tuple("AAABBB")


async def test_connections_at_once_are_actors_of_their_own(bench: Bench) -> None:
    """What a request sends over two connections at once can be let go in either order, the same each time."""
    async with bench(RIGHT["uses two connections at once"]) as lab, controlled(lab) as controller:
        for _ in range(5):
            run = await controller.run(in_turn("A2", "A"))
            assert [held.actor for held in run.decisions[0].held] == ["A", "A2", "B", "B2"]
            assert told(run)[:2] == ["A2 SELECT", "A INSERT"]


async def test_steps_without_end_are_stuck(bench: Bench) -> None:
    """A request that goes on and on is stopped; of its steps the schedule names those that lead there, and one more."""
    async with bench(ENDLESS) as lab, controlled(lab, SAVES) as controller:
        with pytest.raises(Stuck, match="went on") as stuck:
            await controller.run(in_turn("A", "B", "B", "B", "B"))
    assert stuck.value.shortest == tuple("ABBBBA")


async def test_something_can_be_done_between_the_steps(bench: Bench) -> None:
    """What is to be done between the steps is done before each of them."""
    seen = []

    async def between() -> None:
        seen.append(await lab.rows.fetch("SELECT stock FROM books"))

    async with bench(RIGHT["locks the row"]) as lab, controlled(lab, between=between) as controller:
        run = await controller.run(in_turn())
    assert run.schedule == tuple("AAABBB")
    assert [rows[0][0] for rows in seen] == [10, 10, 10, 13, 13, 13]
