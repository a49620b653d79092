"""A relay that keeps what it passes, and a server that follows a script."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from grader.wire import Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Tap:
    """What one connection after another sent up (to the server) and down."""

    def __init__(self) -> None:
        self.port = 0
        self.up: list[bytearray] = []
        self.down: list[bytearray] = []
        self.closed: list[asyncio.Event] = []

    async def all_closed(self) -> None:
        """Return when every connection has ended."""
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
async def _listening(serve: Serve) -> AsyncIterator[int]:
    """Listen on a free port; at the end every connection is ended."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
        try:
            await asyncio.gather(_pump(reader, server_writer, up), _pump(server_reader, writer, down))
        finally:
            server_writer.transport.abort()
            closed.set()

    async with _listening(relay) as tap.port:
        yield tap


@asynccontextmanager
async def scripted(
    serve: Serve,
    *,
    user: str = "ada",
    password: str = "the real one",  # noqa: S107 -- of a server that exists in this test only
) -> AsyncIterator[Upstream]:
    """Listen as a server that does what `serve` says with each connection."""
    async with _listening(serve) as port:
        yield Upstream("127.0.0.1", port, user, password)
