"""A relay that keeps what it passes, and a server that follows a script."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from grader.wire import Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Tap:
    """What one connection after another sent up (to the server) and down."""

    def __init__(self) -> None:
        self.port = 0
        self.up: list[bytearray] = []
        self.down: list[bytearray] = []
        self.closed: list[asyncio.Event] = []

    async def all_closed(self) -> None:
        for event in self.closed:
            await event.wait()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    try:
        while data := await reader.read(1 << 16):
            kept += data
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


@asynccontextmanager
async def tapped(host: str, port: int) -> AsyncIterator[Tap]:
    """Relay to a server and keep every byte of both directions, by connection."""
    tap = Tap()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down, closed = bytearray(), bytearray(), asyncio.Event()
        tap.up.append(up)
        tap.down.append(down)
        tap.closed.append(closed)
        server_reader, server_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(_pump(reader, server_writer, up), _pump(server_reader, writer, down))
        server_writer.close()
        writer.close()
        closed.set()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()


@asynccontextmanager
async def scripted(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    *,
    user: str = "ada",
    password: str = "the real one",  # noqa: S107 -- of a server that exists in this test only
) -> AsyncIterator[Upstream]:
    """Listen as a server that does what `serve` says with each connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield Upstream("127.0.0.1", server.sockets[0].getsockname()[1], user, password)
    finally:
        server.close()
