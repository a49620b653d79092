"""When all that has reached this machine's sockets is known."""

from __future__ import annotations

import asyncio
import socket

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
