"""A replica whose time is the grader's: its timers wait to be fired."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from grader.tests.replica.conftest import held, reins_of, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from grader.replica import Reins, Replica

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; test_spawned.py does some of this with spawn."""
    return "fork"


async def fire_until_done(reins: Reins, request: asyncio.Task[Any]) -> int:
    """Fire whenever all is at rest until the request is answered; return how often."""
    count = 0
    while True:
        await until(lambda: request.done() or (reins.asleep and reins.next_timer is not None))
        if request.done():
            return count
        reins.fire()
        count += 1


async def test_a_sleep_ends_when_it_is_fired(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that sleeps an hour answers at once when its timer is fired, and its clock has moved an hour."""
    body = "before = time.monotonic()\nawait asyncio.sleep(3600)\nreturn time.monotonic() - before"
    replica, reins = await held(start, body)
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer is not None)
    assert reins.next_timer == 3600
    assert not request.done()
    reins.fire()
    assert 3600 <= (await request).json() < 3610
    await until(lambda: reins.asleep and reins.next_timer is None)


async def test_a_handler_that_polls_takes_as_many_turns_as_it_would(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that polls each half second for half a minute is fired 60 times, in much less time."""
    body = """
    loop = asyncio.get_running_loop()
    end, polls = loop.time() + 30, 0
    while loop.time() < end:
        polls += 1
        await asyncio.sleep(0.5)
    return polls
    """
    replica, reins = await held(start, body)
    began = time.monotonic()
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == 60
    assert (await request).json() == 60
    assert time.monotonic() - began < 10


WAYS = {
    "asyncio.timeout": "async with asyncio.timeout(60): await asyncio.Event().wait()",
    "asyncio.wait_for": "await asyncio.wait_for(asyncio.Event().wait(), 60)",
    "asyncio.wait": "await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=60)",
    "call_later": "done = asyncio.Event(); asyncio.get_running_loop().call_later(60, done.set); await done.wait()",
    "sleep in a task": "await asyncio.create_task(asyncio.sleep(60))",
    "sleeps gathered": "await asyncio.gather(asyncio.sleep(30), asyncio.sleep(60))",
    "sleep in a helper": "await nap(60)",
    "anyio": "with anyio.fail_after(60): await anyio.sleep_forever()",
    "forever, with a timeout": "async with asyncio.timeout(60): await asyncio.sleep(float('inf'))",
    "a group of tasks": "await group_of_naps(60)",
}

BEFORE = """
import anyio, contextlib

async def nap(seconds):
    async with contextlib.AsyncExitStack():
        await asyncio.sleep(seconds)

async def group_of_naps(seconds):
    async with asyncio.TaskGroup() as group:
        group.create_task(nap(seconds))
"""


@pytest.mark.parametrize("way", WAYS)
async def test_the_submissions_timers_are_kept_back(start: Start, client: httpx.AsyncClient, way: str) -> None:
    """However the submission's code waits for time, the grader decides when that has passed."""
    body = f"try:\n    {WAYS[way]}\nexcept TimeoutError: pass\nreturn 'done'"
    replica, reins = await held(start, body, before=BEFORE)
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == (2 if "gathered" in way else 1)
    assert (await request).json() == "done"


async def test_what_the_framework_calls_is_the_submissions(start: Start, client: httpx.AsyncClient) -> None:
    """An endpoint made of library functions alone, which FastAPI itself calls, sleeps until it is fired."""
    replica = await start(
        """
        import asyncio, functools
        from fastapi import FastAPI

        def create_app():
            app = FastAPI()
            app.get("/")(functools.partial(asyncio.sleep, 60, "done"))
            return app
        """,
        controlled=True,
    )
    await replica.ready()
    reins = reins_of(replica)
    reins.hold()
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == 1
    assert (await request).json() == "done"


async def test_a_librarys_timer_runs_free(start: Start, client: httpx.AsyncClient) -> None:
    """A client's timeout passes in real time while the submission's timers are held, before one fired and after."""
    body = """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with httpx.AsyncClient(timeout=0.2) as client:
            for _ in range(2):
                try:
                    await client.get(f"http://127.0.0.1:{silent.getsockname()[1]}")
                except httpx.TimeoutException:
                    await asyncio.sleep(60)
    return "timed out twice"
    """
    replica, reins = await held(start, body, before="import httpx\n")
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == 2
    assert (await request).json() == "timed out twice"


async def test_a_librarys_timer_is_not_moved(start: Start, client: httpx.AsyncClient) -> None:
    """A client's timeout that has begun passes in real time though the submission's time is moved an hour meanwhile."""
    body = """
    began = time.perf_counter()
    sleeping = asyncio.create_task(asyncio.sleep(3600))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with httpx.AsyncClient(timeout=0.5) as client:
            try:
                await client.get(f"http://127.0.0.1:{silent.getsockname()[1]}")
            except httpx.TimeoutException:
                return [sleeping.done(), time.perf_counter() - began]
    """
    replica, reins = await held(start, body, before="import httpx\n")
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer is not None)
    reins.fire()
    slept, seconds = (await request).json()
    assert slept
    assert seconds >= 0.5


async def test_timers_fire_in_the_order_of_their_deadlines(start: Start, client: httpx.AsyncClient) -> None:
    """The earliest fires first, and those that are due at one moment together, in the order in which they were set."""
    body = """
    seen = []
    async def note(name, *naps):
        for nap in naps: await asyncio.sleep(nap)
        seen.append(name)
    async def tick():
        while True:
            await asyncio.sleep(0.5)
            seen.append("|")
    ticking = asyncio.create_task(tick())
    await asyncio.gather(note("late", 1.2), note("one", 0.7), note("two", 0.7), note("three", 0.3, 0.4))
    ticking.cancel()
    return seen
    """
    replica, reins = await held(start, body)
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == 5  # at 0.3, 0.5, 0.7, 1.0, 1.2
    assert (await request).json() == ["|", "one", "two", "three", "|", "late"]


async def test_time_moves_no_further_than_it_is_told(start: Start, client: httpx.AsyncClient) -> None:
    """Moved forward by less than the earliest timer needs, a replica stays asleep, and the timer is so much nearer."""
    replica, reins = await held(start, "await asyncio.sleep(60)\nreturn 'done'")
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer is not None)
    reins.advance(45)
    await until(lambda: reins.asleep)
    assert reins.next_timer == 15
    reins.advance(15)
    assert (await request).json() == "done"


async def test_time_that_moves_past_several_timers_runs_them_in_order(start: Start, client: httpx.AsyncClient) -> None:
    """Moved past several timers at once, a replica runs the one that is due first before the others."""
    body = """
    seen = []
    async def nap(seconds):
        await asyncio.sleep(seconds)
        seen.append(seconds)
    await asyncio.gather(nap(3), nap(1), nap(2))
    return seen
    """
    replica, reins = await held(start, body)
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer is not None)
    reins.advance(3)
    assert (await request).json() == [1, 2, 3]


async def test_a_sleep_of_nothing_is_no_timer(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that gives way with asyncio.sleep(0) needs nobody to fire."""
    replica, _ = await held(start, "for _ in range(50): await asyncio.sleep(0)\nreturn 'done'")
    assert (await client.get(replica.url)).json() == "done"


async def test_a_timer_that_runs_already_is_held_too(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that has begun to sleep when its time is held sleeps until it is fired."""
    replica, reins = await held(start, "await asyncio.sleep(60)\nreturn 'done'")
    reins.free()
    request = asyncio.create_task(client.get(replica.url))
    await client.get(f"{replica.url}/alive")
    await until(lambda: reins.asleep)
    assert reins.next_timer is None
    reins.hold()
    await until(lambda: reins.asleep and reins.next_timer is not None)
    assert reins.next_timer == pytest.approx(60, abs=5)
    reins.fire()
    assert (await request).json() == "done"


async def test_time_runs_again_when_it_is_set_free(start: Start, client: httpx.AsyncClient) -> None:
    """What was kept back goes on in real time when it is set free, and the replica's clock never ran backwards."""
    body = """
    times = [time.monotonic()]
    for seconds in (60, 0.2, 0.1):
        await asyncio.sleep(seconds)
        times.append(time.monotonic())
    return times
    """
    replica, reins = await held(start, body)
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer == 60)
    reins.fire()
    await until(lambda: reins.asleep and reins.next_timer == 0.2)
    reins.free()
    times = (await request).json()
    assert times == sorted(times)
    assert times[1] - times[0] >= 60
    assert 0.2 <= times[2] - times[1] < 5
