"""The connection that requests go over: one for each, or one that is kept as long as the service keeps it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from grader.explore.rest import Motion
from grader.lab.client import Line, NoAnswerError, call
from grader.lab.http import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n%s\r\nok"
GET = Request("GET", "/")


class Service:
    """Answers each request with the next of `answers`, empty for the end of the connection."""

    def __init__(self, *answers: bytes) -> None:
        self.connections = 0
        self.asked: list[bytes] = []
        self.port = 0
        self._serving: list[asyncio.Task[None] | None] = []
        self._answers = iter(answers)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Service]:
        """Listen."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
            await self.end()

    async def end(self) -> None:
        """Return when every connection has ended, on the client's side too."""
        await asyncio.gather(*(task for task in self._serving if task is not None))
        await Motion().look_round()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked.append(head)
                answer = next(self._answers)
                writer.write(answer)
                if not answer or b"close" in answer:
                    break
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("answer", "connections"), [(OK % b"", 1), (OK % b"connection: close\r\n", 3)])
async def test_a_line_is_kept_while_the_service_keeps_it(answer: bytes, connections: int) -> None:
    """Requests share a connection, unless the service said that it ends it."""
    line = Line()
    async with Service(*[answer] * 3).served() as service:
        for _ in range(3):
            assert (await call(service.port, GET, line=line))[0] == 200
        assert service.connections == connections
        assert not any(b"connection: close" in asked.lower() for asked in service.asked)
        line.close()


async def test_without_a_line_each_request_has_its_connection() -> None:
    """So it is where requests are sent at once, or the replica is not at rest."""
    async with Service(OK % b"", OK % b"").served() as service:
        for _ in range(2):
            await call(service.port, GET)
        assert service.connections == 2
        assert all(b"connection: close" in asked.lower() for asked in service.asked)


async def test_a_connection_that_ended_in_between_is_not_used_again() -> None:
    """The service may end it after an answer without a word."""
    line = Line()
    async with Service(OK % b"x-then: close\r\n", OK % b"").served() as service:
        await call(service.port, GET, line=line)
        await service.end()
        assert (await call(service.port, GET, line=line))[0] == 200
        assert service.connections == 2
        line.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nclose"])
async def test_half_an_answer_is_none(answer: bytes) -> None:
    """A connection that ended before the answer was whole is not kept."""
    line = Line()
    async with Service(answer).served() as service:
        with pytest.raises(NoAnswerError):
            await call(service.port, GET, line=line)
        assert line.take() is None
