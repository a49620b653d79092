"""What a check is told of interleavings and crashes: tokens that replay, and crashes of services that sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.explore.token import Token
from grader.tests.explore.designs import ENDLESS, RIGHT, WRONG
from grader.tests.lab.handmade import (
    GIVEN,
    OPENING,
    RESTOCKS,
    SAVES,
    explored,
    on_the_bench,
    one_save_wins,
    restocks_add_up,
)
from grader.verdict import Finding, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from grader.lab import After, Lab, Request
    from grader.replica import Host
    from grader.services import Pair

    Bench = Callable[[str], AbstractAsyncContextManager[Lab]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE_TRANSACTION = """
async def restock(quantity: int):
    await asyncio.sleep(60)
    async with transaction() as connection:
        await connection.execute("INSERT INTO log (said) VALUES ('restocked')")
        await asyncio.sleep(60)
        await connection.execute("UPDATE books SET stock = stock + %s WHERE id = 1", [quantity])
"""
TWO_TRANSACTIONS = ONE_TRANSACTION.replace(
    "        await asyncio.sleep(60)\n", "    await asyncio.sleep(60)\n    async with transaction() as connection:\n"
)

READS_FIRST = """
async def restock(quantity: int):
    async with transaction() as connection:
        read = await connection.execute("SELECT stock, title FROM books WHERE id = 1")
        stock, title = await read.fetchone()
        await connection.execute("UPDATE books SET title = %s, stock = %s WHERE id = 1", [title, stock + quantity])
"""


@pytest.fixture
def bench(tmp_path: Path, pair: Pair, host: Host) -> Bench:
    """Put a service on the bench."""
    return lambda design: on_the_bench(OPENING + design, tmp_path, pair, host)


async def both_or_neither(after: After) -> None:
    """A restock is in the stock and in the log, or in neither."""
    rows = await after.lab.rows.fetch("SELECT stock, (SELECT count(*) FROM log) FROM books")
    if rows not in ([(10, 0)], [(13, 1)]):
        raise Finding("restocked once", f"stock and entries are {rows}", "both or neither")


async def test_a_token_replays_its_schedule(bench: Bench) -> None:
    """The token of a finding leads to the same finding, with no other schedule tried."""
    async with bench(WRONG["locks the row"]) as lab:
        first = await explored(lab, RESTOCKS, restocks_add_up)
        await lab.reset("again", check="the-check", replay=Token.read(first.token))
        again = await explored(lab, RESTOCKS, restocks_add_up)
    assert again.outcome is Outcome.FAILED
    assert (again.said, again.token) == (first.said, first.token)
    assert again.finding is not None
    assert again.finding.timeline is not None
    assert "no other was tried" in again.finding.timeline.explored


@pytest.mark.parametrize("design", [RIGHT["locks the row"], WRONG["locks the row"]])
async def test_no_class_is_run_twice(design: str, bench: Bench) -> None:
    """What the search would run, and was run before it began, is not run again."""
    async with bench(design) as lab:
        verdict = await explored(lab, RESTOCKS, restocks_add_up)
    assert (verdict.schedules, verdict.classes) == (6, 6)


async def test_a_token_of_a_loop_without_end_replays(bench: Bench) -> None:
    """The token of a request that goes on for ever names its first step too many, and leads there."""
    async with bench(ENDLESS) as lab:
        await lab.reset("again", check="the-check", replay=Token.read("the-check:A.BBBB.A"))
        verdict = await explored(lab, SAVES, one_save_wins)
    assert verdict.outcome is Outcome.FAILED
    assert "went on" in verdict.said


@pytest.mark.parametrize("schedule", ["A.BBBBB.AA", "A.BBB.A", "A.A2.BBB.AA"])
async def test_a_token_of_other_code_never_passes(schedule: str, bench: Bench) -> None:
    """A schedule that the code does not have is neither passed nor failed."""
    async with bench(WRONG["locks the row"]) as lab:
        await lab.reset("again", check="the-check", replay=Token.read(f"the-check:{schedule}"))
        verdict = await explored(lab, RESTOCKS, restocks_add_up)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "any more" in verdict.said


async def test_crashes_of_a_service_that_sleeps(bench: Bench) -> None:
    """Every crash point of a request that sleeps for minutes is tried, with its retry, in seconds."""
    async with bench(ONE_TRANSACTION) as lab:
        await lab.every_crash(given=GIVEN, request=RESTOCKS[0], holds=both_or_neither, retry=False)
        assert lab.explored.schedules == 3 * 3 + 1


async def test_a_crash_between_two_transactions(bench: Bench) -> None:
    """What two transactions do is found torn apart where a crash comes between them."""
    async with bench(TWO_TRANSACTIONS) as lab:
        with pytest.raises(Finding, match=r"\[\(10, 1\)\]") as found:
            await lab.every_crash(given=GIVEN, request=RESTOCKS[0], holds=both_or_neither, retry=False)
    assert found.value.timeline is not None
    assert found.value.timeline.token == "the-check:cut-after-A2"  # noqa: S105 -- no secret


@pytest.mark.parametrize(("retry", "sent"), [(RESTOCKS[0], "once more"), (RESTOCKS[1], str(RESTOCKS[1]))])
async def test_no_crash_is_needed(retry: Request, sent: str, bench: Bench) -> None:
    """What a retry breaks without any crash is said and drawn so."""

    async def once(after: After) -> None:
        stock = await after.lab.rows.fetch("SELECT stock FROM books")
        if stock != [(13,)]:
            raise Finding("let it crash on its way", f"the stock is {stock}", "it is restocked once")

    async with bench(ONE_TRANSACTION) as lab:
        with pytest.raises(Finding, match="the stock is") as found:
            await lab.every_crash(given=GIVEN, request=RESTOCKS[0], holds=once, retry=lambda _: retry)
    assert found.value.done == f"sent {RESTOCKS[0]}, and {sent} to the other replica"
    timeline = found.value.timeline
    assert timeline is not None
    assert timeline.explored.startswith("No crash is needed")
    assert [(moment.lane, moment.bad) for moment in timeline.moments] == [(0, False)] * 3 + [(1, True)]
    assert (timeline.token, [lane.outcome for lane in timeline.lanes]) == ("", ["200", "200"])
    assert timeline.lanes[1].label == "the retry · on replica B"


async def test_a_crash_shows_what_was_read(bench: Bench) -> None:
    """A sweep keeps what statements read, also where no exploration of the check has come before it."""

    async def never(after: After) -> None:  # noqa: ARG001 -- a check's signature
        raise Finding("restocked", "it is said", "nothing is")

    async with bench(READS_FIRST) as lab:
        with pytest.raises(Finding) as found:
            await lab.every_crash(given=GIVEN, request=RESTOCKS[0], holds=never, retry=lambda _: None)
    assert found.value.timeline is not None
    read, write, _ = found.value.timeline.moments
    assert (read.note, write.text) == ("→ stock 10", "UPDATE books SET …, stock=13 WHERE id=1")
