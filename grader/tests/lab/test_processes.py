"""Background processes: nothing of them happens but in rounds, and rounds are explored and crashed as requests are."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from grader.explore.explorer import Limits
from grader.explore.rest import Motion
from grader.explore.token import Token
from grader.lab import RedisIs
from grader.lab.http import Request
from grader.services import Settings, open_pair
from grader.tests.lab.loops import (
    JOBS,
    LOCKED,
    MARK_THEN_TELL,
    TELL_THEN_MARK,
    WAITS_IN_REDIS,
    done_of,
    told_at_least_once,
    told_of,
    told_once_each,
    working,
)
from grader.tests.services.conftest import temporary_home
from grader.verdict import Finding, Inconclusive
from grader.wire import Fail, RedisProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from grader.lab import Lab
    from grader.replica import Host
    from grader.services import Pair
    from grader.wire import Statement

    Bench = Callable[[str], AbstractAsyncContextManager[Lab]]

BLOCKS = 0.5
"""Seconds that the process asks to wait in Redis which does."""
TELLING = 2
"""The step of a round that goes to Redis."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def redis_pair() -> AsyncIterator[Pair]:
    """A Postgres and a Redis of the tests' own."""
    async with temporary_home() as home:
        pair = await open_pair(Settings("embedded", home=home), redis=True, tell=print)
        yield pair
        await pair.close()


@pytest.fixture
def bench(tmp_path: Path, redis_pair: Pair, host: Host) -> Bench:
    """Put a process on the bench."""
    return lambda work: working(work, tmp_path, redis_pair, host)


async def test_nothing_happens_but_in_rounds(bench: Bench) -> None:
    """A process that sleeps for a minute does a job a round, at once, and nothing between rounds."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await worker.round()
        await lab.rows.insert(JOBS)
        assert await done_of(lab) == []
        await worker.round()
        assert await done_of(lab) == [1]
        await worker.round()
        assert await done_of(lab) == [1, 2]
        assert await told_of(lab) == ["1", "2"]
        assert worker.elapsed >= 120


async def test_what_requests_read_is_kept_from_the_start(bench: Bench) -> None:
    """An event's story is told alike whether or not the check, or one before it, explored anything."""
    async with bench(LOCKED) as lab:
        web = await lab.actor("A", Request("GET", "/"))
        assert all(wire.keep_results for wire in web.wires)


async def test_a_process_that_ended_is_started_again(bench: Bench) -> None:
    """After a kill, and after SIGTERM, the next round is that of a new process."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)
        await worker.round()
        await worker.kill()
        await worker.round()
        assert await done_of(lab) == [1, 2]
        assert (await worker.stop()).code == 0
        await lab.rows.fetch("UPDATE jobs SET done = false WHERE id = 1")
        await worker.round()
        assert await told_of(lab) == ["1", "2", "1"]


async def test_rounds_until_something_is_so(bench: Bench) -> None:
    """Rounds are made until a condition holds; where it never does, for so long as both clocks say."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)

        async def both() -> bool:
            return await done_of(lab) == [1, 2]

        async def never() -> bool:
            return False

        assert await lab.rounds(worker, until=both, seconds=0.1)
        before = worker.elapsed
        assert not await lab.rounds(worker, until=never, seconds=0.1)
        assert worker.elapsed >= before + 0.1


async def test_two_processes_in_every_interleaving(bench: Bench) -> None:
    """Two that lock what they take do each job once in every interleaving; two that do not are found to do it twice."""
    async with bench(LOCKED) as lab:
        workers = lab.process("worker"), lab.process("worker", 2)
        await lab.every_interleaving(given=JOBS, processes=workers, holds=told_once_each)
        assert lab.explored.complete
        assert lab.explored.classes > 1
    async with bench(TELL_THEN_MARK) as lab:
        workers = lab.process("worker"), lab.process("worker", 2)
        with pytest.raises(Finding, match=r"told was \['1', '1'\]") as found:
            await lab.every_interleaving(given=JOBS, processes=workers, holds=told_once_each)
        assert found.value.timeline is not None
        assert [lane.label for lane in found.value.timeline.lanes] == ["worker W", "worker X"]
        token = Token.read(found.value.timeline.token)
        await lab.reset("again", check="the-check", replay=token)
        with pytest.raises(Finding, match="told was") as again:
            await lab.every_interleaving(given=JOBS, processes=workers, holds=told_once_each)
    assert again.value.timeline is not None
    assert again.value.timeline.token == str(token)


async def test_no_held_step_times_out(bench: Bench) -> None:
    """While rounds are explored a client's timeout does not run: a command may be held for longer than it waits."""
    async with bench(LOCKED) as lab:
        workers = lab.process("worker"), lab.process("worker", 2)
        clock = asyncio.get_running_loop().time

        steps = count(1)

        async def between() -> None:
            if next(steps) == TELLING:
                began = clock()
                await Motion().until(lambda: clock() - began > 1.2, 5)  # its client waits for a second

        enough = Limits(classes=2, schedules=4, enough=True)
        await lab.every_interleaving(
            given=JOBS, processes=workers, holds=told_once_each, between=between, limits=enough
        )
        assert [worker.log() for worker in workers] == ["", ""]


async def test_one_that_is_started_anew_has_no_step_time_out_either(bench: Bench) -> None:
    """Its libraries' timers stand still from its start on: one that was crashed meets its first round held too."""
    async with bench(TELL_THEN_MARK) as lab:
        actor = await lab.loop(lab.process("worker"))
        await lab.rows.insert(JOBS)
        await actor.kill()
        await actor.ready()
        clock = asyncio.get_running_loop().time

        async def held(statement: Statement) -> None:
            del statement
            began = clock()
            await Motion().until(lambda: clock() - began > 1.2, 5)  # its client waits for a second

        for wire in actor.put.redis:
            wire.gate = held
        await (await actor.start())
        assert (actor.process.log(), await told_of(lab)) == ("", ["1"])


async def test_a_round_under_way_ends_before_the_next(bench: Bench) -> None:
    """A schedule that begins does not cut a round short that nobody waited for."""
    async with bench(MARK_THEN_TELL) as lab:
        actor = await lab.loop(lab.process("worker"))
        await lab.rows.insert(JOBS)
        await actor.process.begin()
        await actor.still()
        assert (await done_of(lab), await told_of(lab)) == ([1], ["1"])


async def test_what_is_bounded_passes_only_where_that_will_do(bench: Bench) -> None:
    """Where not all was tried, the limits say whether that is a verdict."""
    async with bench(LOCKED) as lab:
        workers = lab.process("worker"), lab.process("worker", 2)
        with pytest.raises(Inconclusive, match="that is not all there are"):
            await lab.every_interleaving(
                given=JOBS, processes=workers, holds=told_once_each, limits=Limits(classes=2, schedules=4)
            )
        enough = Limits(classes=2, schedules=4, enough=True)
        await lab.every_interleaving(given=JOBS, processes=workers, holds=told_once_each, limits=enough)
        assert lab.explored.complete is False


async def test_every_crash_of_a_round(bench: Bench) -> None:
    """A round that tells before it marks survives every crash, one that marks first is found to lose a job."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.every_crash(given=JOBS, process=worker, holds=told_at_least_once)
        assert lab.explored.schedules == 3 * 4 + 1
    async with bench(MARK_THEN_TELL) as lab:
        worker = lab.process("worker")
        with pytest.raises(Finding, match=r"told was \['2'\]") as found:
            await lab.every_crash(given=JOBS, process=worker, holds=told_at_least_once)
    assert found.value.timeline is not None
    assert found.value.timeline.token == "the-check:cut-after-W3"  # noqa: S105 -- no secret


async def test_redis_that_refuses_or_is_silent(bench: Bench) -> None:
    """Redis refuses or hangs, also for a process that is started meanwhile, and is there again."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)
        for redis_is, said in ((RedisIs.REFUSING, "ConnectionError"), (RedisIs.SILENT, "TimeoutError")):
            await lab.let_redis_be(redis_is, worker.name)
            await worker.round()
            assert worker.log().split() == [said]
            await worker.kill()
        await lab.let_redis_be(RedisIs.THERE)
        await worker.round()
        assert await done_of(lab) == [1]


async def test_redis_that_is_there_already_cuts_nothing(bench: Bench) -> None:
    """Who is told once more that Redis is there keeps the connections that it has; one that was away knows none."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)
        await worker.round()
        [redis] = [wire for wire in worker.put.wires if isinstance(wire, RedisProxy)]
        assert redis.connections == 1
        await lab.let_redis_be(RedisIs.THERE)
        assert redis.connections == 1
        await lab.let_redis_be(RedisIs.SILENT)
        assert redis.connections == 0


async def test_one_command_is_refused(bench: Bench) -> None:
    """A command fails as ordered for as long as it is, after a new start too."""
    async with bench(LOCKED) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)

        def refuses(statement: Statement) -> Fail | None:
            return Fail("ERR", "no") if statement.text == "RPUSH done" else None

        worker.refuse(refuses)
        await worker.round()
        await worker.kill()
        await worker.round()
        assert worker.log().split() == ["ResponseError"]
        assert await told_of(lab) == []
        worker.refuse(None)
        await worker.round()
        assert await told_of(lab) == ["1"]


async def test_a_round_ends_where_redis_is_waited_in(bench: Bench) -> None:
    """A process that blocks in Redis is parked there, and goes on with what comes."""
    async with bench(WAITS_IN_REDIS) as lab:
        worker = lab.process("worker")
        await lab.rows.insert(JOBS)
        await worker.round()
        await lab.redis("RPUSH", "todo", "2")

        async def done() -> bool:
            return await done_of(lab) == [2]

        assert await lab.rounds(worker, until=done, seconds=0.1)


async def test_what_blocks_for_a_while_waits_for_its_round(bench: Bench) -> None:
    """Where time is held a process waits in Redis until its next round, however long that is, and times out then."""
    async with bench(WAITS_IN_REDIS) as lab:
        worker = lab.process("worker")
        actor = await lab.loop(worker)
        actor.hold_time()
        [redis] = [wire for wire in actor.wires if isinstance(wire, RedisProxy)]
        while not redis.blocked:  # every other round ends in its sleep
            await worker.round(patient=True)
        clock = asyncio.get_running_loop().time
        began = clock()
        assert not await Motion().until(lambda: not redis.blocked, BLOCKS + 0.1)
        assert clock() - began > BLOCKS
        [blocked], before = redis.blocked, worker.elapsed
        assert (blocked.seconds, redis.is_parked) == (BLOCKS, True)
        await worker.round()
        assert worker.elapsed == before + BLOCKS
        assert (redis.blocked, worker.log()) == ([], "")
        actor.free_time()
        assert (await worker.stop()).code == 0
