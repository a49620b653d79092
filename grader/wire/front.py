"""A port that stays the same while the replicas behind it come and go."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 64 << 10
_REQUEST = re.compile(rb"([A-Z]+ [^ \r\n]{1,2000}) HTTP/1\.[01]\r\n")
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})")
_DOWN = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"
    b"The service did not start; the terminal of `kata up` says why.\n"
)


class Front:
    """Passes each connection on to the next of the ports in `targets`.

    While there are none, new connections wait for them; where `down` is set they are turned away. `sent` is told each
    request's method and path, `answered` its status and the seconds that it took.
    """

    def __init__(self, sent: Callable[[str], None], answered: Callable[[str, int, float], None]) -> None:
        self.port = 0
        self._sent = sent
        self._answered = answered
        self._targets: list[int] = []
        self._down = False
        self._changed = asyncio.Event()
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    def lead_to(self, *targets: int, down: bool = False) -> None:
        """Pass connections on to these ports from now on; without any, and not `down`, let them wait."""
        self._targets, self._down = list(targets), down
        if targets or down:
            self._changed.set()
        else:
            self._changed.clear()

    async def start(self, port: int) -> None:
        """Listen on this port of 127.0.0.1, or on a free one where it is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        except OSError:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- the server made it
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        try:
            with suppress(OSError):
                await self._pass_on(reader, writer)
        finally:
            writer.close()

    async def _found(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Return a connection to the next of the ports, None where connections are turned away."""
        while True:
            await self._changed.wait()
            if not self._targets:
                return None
            self._turn += 1
            port = self._targets[self._turn % len(self._targets)]
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except (
                ConnectionRefusedError
            ):  # whoever was there has ended; whoever leads this port will put another there
                if port in self._targets:
                    self.lead_to()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = await self._found()
        if found is None:
            writer.write(_DOWN)
            writer.write_eof()
            while await reader.read(CHUNK):  # closed with something unread, the answer would be lost on its way
                pass
            return
        behind, back = found
        asked: list[tuple[str, float]] = []

        def request(data: bytes) -> None:
            if (match := _REQUEST.match(data)) is not None:
                asked.append((match[1].decode("latin-1"), time.perf_counter()))
                self._sent(asked[-1][0])

        def answer(data: bytes) -> None:
            if asked and (match := _ANSWER.match(data)) is not None:
                told, since = asked.pop(0)
                self._answered(told, int(match[1]), time.perf_counter() - since)

        pumps = [
            asyncio.ensure_future(_pump(reader, back, request)),
            asyncio.ensure_future(_pump(behind, writer, answer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(pumps[1:])  # a client that has said all still wants its answer
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Callable[[bytes], None]) -> None:
    while data := await reader.read(CHUNK):
        look(data)
        writer.write(data)
        await writer.drain()
    writer.write_eof()
