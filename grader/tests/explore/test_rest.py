"""When all that has reached this machine's sockets is known, and how who waits for a change is woken."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from grader.explore.rest import Motion
from grader.wire import PostgresProxy, Recorder, Upstream


@pytest.mark.asyncio
@pytest.mark.parametrize("passes", range(6))
async def test_a_client_that_has_connected_is_known_after_a_look(passes: int) -> None:
    """However far the loop has got with it: a process that waits for its login is not one that is done."""
    upstream = Upstream("127.0.0.1", 1, "nobody", "")
    async with PostgresProxy(upstream, replica="A", recorder=Recorder()) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)):
            for _ in range(passes):
                await asyncio.sleep(0)  # noqa: TID251 -- a pass of the loop, not a sleep
            await Motion().look_round()
            assert proxy.is_moving


@pytest.mark.asyncio
async def test_a_wait_that_was_cut_short_shortens_no_other() -> None:
    """The timer of the first is there still, and goes off before the second's time is up."""
    motion, loop = Motion(), asyncio.get_running_loop()
    loop.call_soon(motion.wake)
    assert await motion.change(0.02)
    began = loop.time()
    assert not await motion.change(0.04)
    assert loop.time() - began >= 0.04 - time.get_clock_info("monotonic").resolution


@pytest.mark.asyncio
async def test_what_is_noted_in_passing_wakes_nobody() -> None:
    """Of which more is to come; it is counted all the same."""
    motion = Motion()
    waiting = asyncio.ensure_future(motion.change(60))
    await motion.look_round()
    motion.note(wakes=False)
    await motion.look_round()
    assert (waiting.done(), motion.count) == (False, 1)
    motion.note()
    assert await waiting
    assert motion.count == 2
