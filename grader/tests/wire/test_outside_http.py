"""The outside service reads HTTP as it may come: in pieces, several at once, too large, or not HTTP at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from grader.wire.outside import Call, OutsideService, Reply
from grader.wire.proxy import MAX_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.wire import Recorder, Statement

POST = b"POST /charges HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def echo(call: Call) -> Reply:
    """Answer with what was asked."""
    return Reply(200, [call.method, call.path, call.body.decode()])


@pytest.fixture
async def service(recorder: Recorder) -> AsyncIterator[OutsideService]:
    """A service that answers with what was asked."""
    async with OutsideService(echo, replica="A", recorder=recorder) as service:
        yield service


async def talk(service: OutsideService, *pieces: bytes) -> bytes:
    """Send pieces, each when the last has been taken, and return everything that is answered up to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    await service.empty()
    return answer


async def test_a_request_byte_by_byte(service: OutsideService) -> None:
    """A request that comes byte by byte is one call."""
    answer = await talk(service, *(bytes([byte]) for byte in POST + LAST))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b'["POST", "/charges", "body"]' in answer


async def test_requests_that_come_at_once_are_answered_in_order(service: OutsideService, recorder: Recorder) -> None:
    """Requests that come at once are answered one after the other, and held one after the other."""
    held: list[str] = []

    async def gate(statement: Statement) -> None:
        held.append(statement.text)
        assert all(earlier.done for earlier in recorder.statements[:-1])

    service.gate = gate
    answer = await talk(service, POST + POST + LAST)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert held == ["POST /charges", "POST /charges", "GET /last"]


async def test_what_is_sent_behind_a_held_call_is_bounded(service: OutsideService) -> None:
    """What is sent behind a held call is read up to a bound, so that it does not fill the memory."""
    arrived = asyncio.Event()

    async def gate(statement: Statement) -> None:
        if statement.text == "POST /charges":
            arrived.set()
            await asyncio.Event().wait()

    service.gate = gate
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(POST)
    await arrived.wait()
    writer.write(b"x" * (32 << 20))
    reader, other = await asyncio.open_connection("127.0.0.1", service.port)
    for _ in range(300):  # the 32 MB would be read in about 130 turns
        other.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"]")
    assert writer.transport.get_write_buffer_size() > 16 << 20
    for each in (writer, other):
        each.transport.abort()


async def test_what_was_left_unread_behind_a_call_is_read_after_it(service: OutsideService) -> None:
    """What was left unread behind a held call is read, and answered, after it."""
    may_go = asyncio.Event()

    async def gate(statement: Statement) -> None:  # noqa: ARG001 -- a gate's signature
        await may_go.wait()

    service.gate = gate
    large = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    talking = asyncio.create_task(talk(service, POST, large * 8, LAST))
    for _ in range(100):  # turns in which all of it would be read
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.close()
    may_go.set()
    assert (await talking).count(b"HTTP/1.1 200") == 10


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"this is not HTTP\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"x" * (65 << 10), b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n" + b"x" * 1048577, b"413"),
    ],
    ids=["words", "no host", "two hosts", "length", "chunks", "TLS", "long head", "long body"],
)
async def test_what_is_malformed_or_too_large_is_turned_away(
    service: OutsideService, recorder: Recorder, sent: bytes, status: bytes
) -> None:
    """What is malformed or too large gets an error and its connection is closed; it is no call."""
    answer = await talk(service, sent)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert recorder.statements == []
    assert service.is_idle


async def test_a_megabyte_is_taken(service: OutsideService) -> None:
    """A body of a megabyte is taken, in chunks and after a 100."""
    answer = await talk(
        service,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\nConnection: close\r\n\r\n",
        b"100000\r\n" + b"x" * (1 << 20) + b"\r\n0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 100")
    assert len(answer) > 1 << 20


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("status", [200, 204])
async def test_replies_without_a_body(service: OutsideService, version: bytes, status: int) -> None:
    """A reply without a body, and the reply to HEAD, end where they should."""

    async def bare(call: Call) -> Reply:
        return Reply(200, "text") if call.method == "HEAD" else Reply(status)

    service.handler = bare
    host = b" HTTP/" + version + b"\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await talk(service, b"GET /" + host)
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert (await talk(service, b"HEAD /" + host)).endswith(b"\r\n\r\n")


async def test_a_client_too_many_is_turned_away(service: OutsideService) -> None:
    """A client beyond the connections of a replica gets 503."""
    streams = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(MAX_CONNECTIONS)]
    for _, writer in streams:
        writer.write(POST)
    for each, _ in streams:
        await each.readuntil(b"]")
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(POST)
    assert (await reader.read()).startswith(b"HTTP/1.1 503")
    for _, other in [*streams, (reader, writer)]:
        other.close()
    await service.empty()
