"""Schedules and crashes as values, on a kata of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from grader.checks import require
from grader.checks.optimistic_locking.books import Book, new_book, read, restock
from grader.explore.explorer import NoSuchScheduleError
from grader.notebook import Workbench, crashes, every_schedule, explore, play
from grader.tests.services.conftest import temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.lab import After, Lab, Request

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = "app/features/books/rows.py"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Workbench]:
    """A workbench with servers of the tests' own."""
    async with temporary_home() as home:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BACKEND_KATAS_SERVICES_HOME", str(home))
            bench = await Workbench.open("04")
        async with bench:
            yield bench


@pytest_asyncio.fixture(loop_scope="module")
async def lab(bench: Workbench) -> Lab:
    """The starter, whose restock reads and writes back."""
    return await bench.lab()


@pytest.fixture
def book(lab: Lab) -> Book:
    """A book of ten copies."""
    return new_book(lab.random)


def _requests(book: Book) -> list[Request]:
    return [restock(book, 3), restock(book, 5)]


async def eighteen(after: After) -> None:
    """Both deliveries count."""
    [(stock,)] = await after.lab.rows.fetch("SELECT stock FROM books")
    require(stock == 18, done="restocked twice", seen=f"the stock is {stock}", expected="18")


async def test_every_schedule_is_run_and_told(lab: Lab, book: Book) -> None:
    """Three steps each, and an UPDATE that may wait: 14 schedules, of which only the two serial ones are right."""
    found = await every_schedule(lab, given=book.tables, requests=_requests(book), holds=eighteen)
    assert repr(found) == "14 schedules, 6 classes, 12 schedules wrong"
    assert {one.token for one in found.all if not one.wrong} == {"AAA.BBB", "BBB.AAA"}
    assert {one.wrong for one in found.wrong} == {"the stock is 13", "the stock is 15"}
    assert [step.split()[0] for step in found.all[0].steps] == ["SELECT", "UPDATE", "COMMIT"] * 2


async def test_an_exploration_says_which_schedule_broke(lab: Lab, book: Book) -> None:
    """The two serial orders come first, and the third schedule breaks the starter."""
    trial = await explore(lab, given=book.tables, requests=_requests(book), holds=eighteen)
    assert trial.first_wrong == 3
    assert trial.finding is not None
    assert trial.finding.timeline is not None
    assert (trial.finding.timeline.title, trial.finding.timeline.anomaly) == ("Both deliveries count.", "lost update")


async def test_one_schedule_is_played(lab: Lab, book: Book) -> None:
    """What was asked for is what was run, and the picture marks the write that rests on an old read."""
    played = await play(lab, "A.B.AA", given=book.tables, requests=_requests(book), holds=eighteen)
    assert (played.token, played.statuses, played.wrong) == ("A.B.AA.BB", (200, 200), "the stock is 15")
    assert [number for number, moment in enumerate(played.timeline.moments, 1) if moment.bad] == [5]


async def test_a_schedule_that_holds_has_nothing_marked(lab: Lab, book: Book) -> None:
    """Nothing is shown as wrong where nothing is."""
    played = await play(lab, "BBB", given=book.tables, requests=_requests(book), holds=eighteen)
    assert (played.token, played.wrong) == ("BBB.AAA", "")
    assert not any(moment.bad for moment in played.timeline.moments)


async def test_who_waits_cannot_be_let_go(lab: Lab, book: Book) -> None:
    """B's UPDATE waits for A's COMMIT, so B has no next step; the lab is good for another run afterwards."""
    with pytest.raises(NoSuchScheduleError, match="step 5 is B's"):
        await play(lab, "A.B.A.B.B", given=book.tables, requests=_requests(book), holds=eighteen)
    assert (await play(lab, "AAA", given=book.tables, requests=_requests(book), holds=eighteen)).wrong == ""


async def test_every_crash_is_told(lab: Lab, book: Book) -> None:
    """The first is no crash; a delivery is counted twice where its COMMIT went through and its answer was lost."""

    async def once(after: After) -> None:
        [(stock,)] = await after.lab.rows.fetch("SELECT stock FROM books")
        require(stock == 13, done="restocked", seen=f"the stock is {stock}", expected="13")

    tried = await crashes(
        lab,
        given=book.tables,
        request=restock(book, 3),
        holds=once,
        retry=lambda answer: None if answer is not None and answer.status == 200 else restock(book, 3),
    )
    assert len(tried) == 1 + 3 * 3 + 1
    assert tried[0].verb == ""
    wrong = [(crash.verb, crash.place, crash.text, crash.wrong) for crash in tried if crash.wrong]
    assert wrong == [(verb, "after", "COMMIT", "the stock is 16") for verb in ("cut", "kill")]


async def test_latency_is_added_to_each_round_trip(bench: Workbench) -> None:
    """An answer takes at least its round trips times the latency, before a replica has started and after; 0 ends it."""
    lab = await bench.lab()
    book = new_book(lab.random)
    await lab.rows.insert(book.tables)
    await lab.send(read(book), to="A")
    lab.set_latency(0.03)
    for replica in "AB":
        answer = await lab.send(read(book), to=replica)
        assert answer.seconds >= answer.round_trips * 0.03 > 0
    lab.set_latency(0)
    await lab.reset("again")
    assert (await lab.send(read(book))).status == 404


async def test_changed_code_is_what_is_run(bench: Workbench) -> None:
    """The lock that a cell adds is there: half of the schedules are gone, and none is wrong."""
    locked = bench.code().replacing(ROWS, "FROM books WHERE id = :id", "FROM books WHERE id = :id FOR UPDATE")
    lab = await bench.lab(locked)
    book = new_book(lab.random)
    found = await every_schedule(lab, given=book.tables, requests=_requests(book), holds=eighteen)
    assert (len(found.all), found.wrong) == (6, ())
