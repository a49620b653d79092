"""Races that are played: what stands where after each move, going back, crashes, and the worst."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from grader.explore.token import Token
from grader.lab.playing import Game, dealer
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
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from grader.lab import After, Answer, Holds, Lab, Request
    from grader.replica import Host
    from grader.services import Pair

    Table = Callable[..., AbstractAsyncContextManager[Game]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ_THEN_WRITE = """
async def restock(quantity: int):
    async with transaction() as connection:
        stock = await stock_of(connection)
        await write(connection, stock + quantity)
"""
LOCKED = READ_THEN_WRITE.replace("stock_of(connection)", 'stock_of(connection, " FOR UPDATE")')
LOCKED_CROSSWISE = """
async def restock(quantity: int):
    async with transaction() as connection:
        for lock in (1, 2) if quantity == 3 else (2, 1):
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        await connection.execute("UPDATE books SET stock = stock + %s WHERE id = 1", [quantity])
"""
SLEEPING = """
async def restock(quantity: int):
    async with transaction() as connection:
        stock = await stock_of(connection)
    await asyncio.sleep(60)
    async with transaction() as connection:
        await write(connection, stock + quantity)
"""


def unless_done(answer: Answer | None) -> Request | None:
    """Return what a client sends again that was not answered 200."""
    return None if answer is not None and answer.status == 200 else RESTOCKS[0]


@asynccontextmanager
async def dealt(lab: Lab, requests: Sequence[Request], holds: Holds) -> AsyncIterator[Game]:
    """Give the game of a race, opened."""
    games: list[Game] = []

    await lab.reset("game", check="the-check", title="It holds", player=dealer(lab, games))
    if len(requests) > 1:
        await lab.every_interleaving(given=GIVEN, requests=requests, holds=holds)
    else:
        await lab.every_crash(given=GIVEN, request=requests[0], holds=holds, retry=unless_done)
    await games[0].open()
    try:
        yield games[0]
    finally:
        await games[0].close()


@pytest.fixture
def table(tmp_path: Path, pair: Pair, host: Host) -> Table:
    """Put a race of a service on the table."""

    @asynccontextmanager
    async def put(
        design: str, requests: Sequence[Request] = RESTOCKS, holds: Holds = restocks_add_up
    ) -> AsyncIterator[Game]:
        async with on_the_bench(OPENING + design, tmp_path, pair, host) as lab, dealt(lab, requests, holds) as game:
            yield game

    return put


async def let_go(game: Game, *actors: str) -> None:
    """Let actors go one after the other."""
    for actor in actors:
        await game.go(actor)


def held(game: Game) -> list[list[str]]:
    """Return the texts of the statements that each request holds."""
    return [[step.text for step in seat.standing] for seat in game.position.seats]


def stock(game: Game) -> object:
    """Return the stock as it is committed."""
    assert game.position.tables is not None
    (books,) = (table for table in game.position.tables if table.name == "books")
    return books.rows[0][books.columns.index("stock")]


async def test_each_request_is_held_before_its_first_statement(table: Table) -> None:
    """A game begins with every request sent, at its first statement, at the learner's line, and with fresh rows."""
    async with table(READ_THEN_WRITE) as game:
        assert held(game) == [["SELECT … FROM books WHERE id=1"]] * 2
        assert all(str(step.place).startswith("app/main.py:") for seat in game.position.seats for step in seat.standing)
        assert game.position.lines == ()
        assert stock(game) == 10


async def test_a_lost_update_is_found_by_hand(table: Table, tmp_path: Path, pair: Pair, host: Host) -> None:
    """Rows show what is committed; the run that loses an update is broken, and its token breaks the check again."""
    async with table(READ_THEN_WRITE) as game:
        await let_go(game, "A", "B", "B")
        assert stock(game) == 10  # B has written 14, and not committed
        await let_go(game, "B")
        assert stock(game) == 14
        assert game.position.seats[1].answer == "200"
        assert game.position.ruling is None
        await let_go(game, "A", "A")
        ruling = game.position.ruling
        assert ruling is not None
        assert ruling.broken
        assert (ruling.anomaly, ruling.token) == ("lost update", "the-check:A.BBB.AA")
        assert [line.lane for line in game.position.lines] == [0, 1, 1, 1, 0, 0]
        await let_go(game, "A")  # there is nothing left to go
        assert game.position.ruling is ruling
    async with on_the_bench(OPENING + READ_THEN_WRITE, tmp_path, pair, host) as lab:
        await lab.reset("again", check="the-check", replay=Token.read(ruling.token))
        assert (await explored(lab, RESTOCKS, restocks_add_up)).outcome is Outcome.FAILED


async def test_back_is_the_same_place_again(table: Table) -> None:
    """Going back leads to where it stood, from fresh rows; another way from there leads elsewhere."""
    async with table(READ_THEN_WRITE) as game:
        await let_go(game, "A", "B", "A", "A")
        before = game.position
        assert stock(game) == 13
        await let_go(game, "B", "B")
        await game.back()
        await game.back()
        assert game.position == before
        for _ in before.moves:
            await game.back()
        assert (stock(game), game.position.moves) == (10, ())
        await game.back()
        await let_go(game, *"AAABBB")
        assert game.position.ruling is not None
        assert game.position.ruling.broken is False
        await game.restart()
        assert stock(game) == 10
        assert not game.position.lines


async def test_who_waits_for_a_lock_goes_on_when_it_is_let_go(table: Table) -> None:
    """A step that waits cannot be chosen, is drawn as a bar, and goes on with the other's COMMIT."""
    async with table(LOCKED) as game:
        await let_go(game, "A", "B")
        waiting = game.position.seats[1]
        assert [step.text for step in waiting.waiting] == ["SELECT … FROM books WHERE id=1 FOR UPDATE"]
        assert not waiting.may_go
        await let_go(game, "B")
        assert game.position.remark == "B has no step to take now"
        await let_go(game, "A", "A")
        *_, commit, went_on = game.position.lines
        assert (commit.text, set(commit.bars)) == ("COMMIT", {1})
        assert (went_on.lane, went_on.went_on, went_on.bars) == (1, True, frozenset())
        await let_go(game, "B", "B")
        assert game.position.ruling is not None
        assert game.position.ruling.broken is False


async def test_a_deadlock_has_its_victim(table: Table) -> None:
    """The step that closes the circle is the victim, and the other goes on."""
    async with table(LOCKED_CROSSWISE) as game:
        await let_go(game, "A", "B", "A", "B")
        notes = [line.note for line in game.position.lines]
        assert "deadlock" in notes
        assert game.position.lines[notes.index("deadlock")].lane == 1
        await let_go(game, "B", "A", "A")
        assert [seat.answer for seat in game.position.seats] == ["200", "500"]


async def test_who_sleeps_is_woken_by_being_chosen(table: Table) -> None:
    """A request that sleeps for a minute takes its next step when it is chosen, at once; its schedule replays."""
    async with table(SLEEPING) as game:
        await let_go(game, "A", "A")
        assert game.position.seats[0].sleeps
        assert game.position.seats[0].may_go
        await let_go(game, "B", "B", "A", "A", "B", "B")
        ruling = game.position.ruling
        assert ruling is not None
        assert ruling.token == "the-check:AA.BB.AA.BB"  # noqa: S105 -- no secret
        assert ruling.broken
        await game.back()
        assert [seat.answer for seat in game.position.seats] == ["200", ""]


async def test_the_worst_is_played_step_by_step(table: Table) -> None:
    """The wrong schedule with the fewest switches is set out, goes step by step, and is explained in the end."""
    async with table(READ_THEN_WRITE) as game:
        await let_go(game, "A")
        told = await game.worst()
        assert "complete" in told
        assert [move.actor for move in game.position.plan] == list("ABBBAA")
        assert game.position.lines == ()
        while game.position.plan:
            await game.follow()
        ruling = game.position.ruling
        assert ruling is not None
        assert ruling.broken
        assert ruling.token == "the-check:A.BBB.AA"  # noqa: S105 -- no secret
        assert "line 5 rests on what line 1 saw" in ruling.why
        assert "Nearest good order: 4 before 1" in ruling.why
        await game.back()
        assert [move.actor for move in game.position.plan] == ["A"]
        await game.restart()
        assert not game.position.plan


async def test_who_leaves_the_plan_is_on_their_own(table: Table) -> None:
    """A move that is not the plan's next ends it."""
    async with table(READ_THEN_WRITE) as game:
        await game.worst()
        await let_go(game, "B")
        assert game.position.plan == ()


async def test_there_is_no_worst_where_it_holds(table: Table) -> None:
    """Of a right design it is said how many schedules were tried, and that those were all."""
    async with table(RIGHT["locks the row"]) as game:
        told = await game.worst()
        assert "There is none" in told
        assert "complete" in told
        assert game.position.plan == ()


@pytest.mark.parametrize(
    ("verb", "place", "answer", "left"),
    [("cut", "before", "500", 10), ("cut", "after", "500", 13), ("kill", "before", "no answer", 10)],
    ids=["cut before", "cut after", "killed"],
)
async def test_a_crash_at_the_commit(verb: str, place: str, answer: str, left: int, table: Table) -> None:
    """A crash at COMMIT shows in answer and rows, frees who waited, is not judged, and can be taken back."""
    async with table(LOCKED) as game:
        await let_go(game, "A", "A", "B")
        await game.crash("A", verb, place)
        assert game.position.seats[0].answer == answer
        assert stock(game) == left
        assert [line.text for line in game.position.lines if line.fault]
        assert game.position.seats[1].may_go
        await let_go(game, "B", "B")
        assert stock(game) == left + 4
        assert game.position.ruling is not None
        assert (game.position.ruling.broken, game.position.ruling.token) == (None, "")
        await game.back()
        await game.back()
        await game.back()
        assert held(game)[0] == ["COMMIT"]
        assert not [line for line in game.position.lines if line.fault]
        await let_go(game, "A", "B", "B")
        assert stock(game) == 17
        assert game.position.ruling is not None
        assert game.position.ruling.broken is False


async def test_a_request_without_end_is_stuck(table: Table) -> None:
    """Where the worst is a request that never ends, its shortest schedule is set out; the game goes on after it."""
    async with table(ENDLESS, SAVES, one_save_wins) as game:
        told = await game.worst()
        assert "went on" in told
        assert game.position.plan
        await game.restart()
        assert game.position.ruling is None


async def test_wrong_designs_are_broken_by_their_worst(table: Table) -> None:
    """The plan of a wrong design ends in a run that is broken."""
    async with table(WRONG["locks the row"]) as game:
        await game.worst()
        while game.position.plan:
            await game.follow()
        assert game.position.ruling is not None
        assert game.position.ruling.broken


async def once(after: After) -> None:
    """A restock that was tried again is in the stock once."""
    rows = await after.lab.rows.fetch("SELECT stock FROM books")
    if rows != [(13,)]:
        raise Finding("restocked, with a crash, and again", f"the stock is {rows[0][0]}", "it is 13")


KEYED = """
async def restock(quantity: int):
    async with transaction() as connection:
        await connection.execute("SELECT version FROM books WHERE id = 1 FOR UPDATE")
        cursor = await connection.execute("SELECT count(*) FROM log WHERE said = 'restocked'")
        if (await cursor.fetchone())[0] == 0:
            await connection.execute("UPDATE books SET stock = stock + %s WHERE id = 1", [quantity])
            await connection.execute("INSERT INTO log (said) VALUES ('restocked')")
"""


async def test_a_crash_that_is_judged(table: Table, tmp_path: Path, pair: Pair, host: Host) -> None:
    """Where the check is one of crashes, the retry is sent and judged, and the token crashes there again."""
    async with table(LOCKED, RESTOCKS[:1], once) as game:
        assert game.of_crashes
        await let_go(game, "A", "A")
        await game.crash("A", "cut", "after")
        ruling = game.position.ruling
        assert ruling is not None
        assert (ruling.broken, ruling.seen, ruling.retried) == (True, "the stock is 16", "200")
        assert ruling.token == "the-check:cut-after-A3"  # noqa: S105 -- no secret
        await game.back()
        await game.crash("A", "cut", "before")
        assert game.position.ruling is not None
        assert (game.position.ruling.broken, game.position.ruling.retried) == (False, "200")
        told = await game.worst()
        assert "does not hold when" in told
        while game.position.plan:
            await game.follow()
        assert game.position.ruling is not None
        assert game.position.ruling.broken
    async with on_the_bench(OPENING + LOCKED, tmp_path, pair, host) as lab:
        await lab.reset("again", check="the-check", replay=Token.read(ruling.token))
        with pytest.raises(Finding, match="the stock is 16"):
            await lab.every_crash(given=GIVEN, request=RESTOCKS[0], holds=once, retry=unless_done)


async def test_no_crash_is_the_worst_where_it_holds(table: Table) -> None:
    """Of a design that tries again without harm it is said how many crashes were tried."""
    async with table(KEYED, RESTOCKS[:1], once) as game:
        told = await game.worst()
        assert "There is none: tried 16 crashes" in told
        await let_go(game, *"AAAAA")
        assert game.position.ruling is not None
        assert game.position.ruling.broken is False
