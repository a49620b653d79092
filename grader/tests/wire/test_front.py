"""The port that stays the same while the replicas behind it come and go."""

from __future__ import annotations

import asyncio
import socket

import pytest

from grader.wire.front import CHUNK, Front

MUCH = 64 * CHUNK
"""More than the front's reader takes before it is asked to read."""


@pytest.mark.parametrize("size", [0, 10, MUCH])
async def test_who_is_turned_away_gets_the_whole_answer(size: int) -> None:
    """A client that is answered before it was read, and goes on sending, still gets the answer, and an orderly end."""
    front = Front(lambda _: None, lambda *_: None)
    await front.start(0)
    front.lead_to(down=True)
    head = f"POST /payments HTTP/1.1\r\nhost: here\r\ncontent-length: {size}\r\n\r\n".encode()

    def client() -> bytes:
        with socket.create_connection(("127.0.0.1", front.port), timeout=30) as connection:
            connection.sendall(head + b"x" * size)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(CHUNK), b""))

    try:
        answer = await asyncio.to_thread(client)
    finally:
        await front.close()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"says why.\n")
