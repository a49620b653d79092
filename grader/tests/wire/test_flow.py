"""Large answers, slow readers, clients that vanish, and latency."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
import redis.asyncio

from grader.tests.wire import script
from grader.wire.link import WRITE_BUFFER

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Recorder, RedisProxy

MEGABYTE = 1 << 20
HUNDRED_MEGABYTES = 100_000_000
HUNDRED = {
    "many rows": ("SELECT repeat('x', 1000) FROM generate_series(1, 100000)", 100_000),
    "one row": ("SELECT repeat('x', 104857600)", 1),
    "copy": ("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT", 100_000),
}


async def logged_in(proxy: PostgresProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return streams of a connection that has logged in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=1 << 16)
    writer.write(script.startup(user=proxy.upstream.user, database=proxy.database))
    await reader.readexactly(9)
    writer.write(script.message("p", proxy.secret.encode() + b"\0"))
    await reader.readuntil(script.ready())
    return reader, writer


async def backend_waits_for_its_client(proxy: PostgresProxy) -> None:
    """Return when the server cannot send any more, since nobody reads."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
        found: object = None
        while found != (1,):
            cursor = await other.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")
            found = await cursor.fetchone()


@pytest.mark.parametrize("kind", HUNDRED)
async def test_a_hundred_megabytes_and_a_reader_who_waits(proxy: PostgresProxy, recorder: Recorder, kind: str) -> None:
    """A hundred megabytes and a reader who waits."""
    text, rows = HUNDRED[kind]
    reader, writer = await logged_in(proxy)
    process = psutil.Process()
    before = process.memory_info().rss
    writer.write(script.query(text))
    await backend_waits_for_its_client(proxy)
    buffered = [connection.client.buffered for connection in proxy._open]  # noqa: SLF001 -- what is held is the point
    assert max(buffered) <= 2 * WRITE_BUFFER
    received, tail, peak = 0, b"", 0
    while not tail.endswith(script.ready()):
        data = await reader.read(1 << 16)
        assert data
        received += len(data)
        tail = (tail + data)[-6:]
        if received % (5 * MEGABYTE) < len(data):
            peak = max(peak, process.memory_info().rss)
    writer.close()
    await proxy.empty()
    assert received > HUNDRED_MEGABYTES
    assert peak - before < 16 * MEGABYTE
    statement = recorder.statements[0]
    assert statement.rows == rows
    assert statement.bytes > HUNDRED_MEGABYTES


async def test_a_client_that_vanishes_in_the_middle_of_a_result(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A client that vanishes in the middle of a result."""
    _, writer = await logged_in(proxy)
    writer.write(script.query(HUNDRED["many rows"][0]))
    await backend_waits_for_its_client(proxy)
    writer.transport.abort()
    await proxy.empty()
    assert recorder.statements[0].error == "08006"
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
        found: object = None
        while found != (0,):  # the backend notices, and ends
            cursor = await other.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")
            found = await cursor.fetchone()


async def test_a_client_that_vanishes_is_forgotten_although_another_goes_on(proxy: PostgresProxy) -> None:
    """A client that vanishes is forgotten although another goes on."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
        _, writer = await logged_in(proxy)
        assert proxy.connections == 2
        writer.transport.abort()
        while proxy.connections == 2:
            await other.execute("SELECT 1")


async def test_a_proxy_that_closes_ends_its_connections(proxy: PostgresProxy) -> None:
    """A proxy that closes ends its connections."""
    reader, writer = await logged_in(proxy)
    writer.write(script.query("SELECT pg_sleep(20)"))
    await proxy.close()
    with pytest.raises(ConnectionError):
        await reader.read()
    writer.close()
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_latency_is_added_to_a_round_trip_and_not_to_a_statement(proxy: PostgresProxy) -> None:
    """Latency is added to a round trip and not to a statement."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:

        async def timed(statements: int) -> float:
            began = time.perf_counter()
            async with connection.pipeline():
                for _ in range(statements):
                    await connection.execute("SELECT 1")
            return time.perf_counter() - began

        await timed(1)
        proxy.latency = 0.1
        assert await timed(1) >= 0.1
        assert 0.1 <= await timed(10) < 0.4
        proxy.latency = 0
        assert await timed(1) < 0.1


async def test_order_is_kept_when_latency_shrinks(proxy: PostgresProxy) -> None:
    """Order is kept when latency shrinks."""
    reader, writer = await logged_in(proxy)
    proxy.latency = 0.05
    writer.write(script.query("SELECT 'first'"))
    while proxy.is_idle:
        async with await psycopg.AsyncConnection.connect(proxy.url):
            pass
    proxy.latency = 0
    writer.write(script.query("SELECT 'second'"))
    answer = await reader.readuntil(script.ready()) + await reader.readuntil(script.ready())
    assert answer.index(b"first") < answer.index(b"second")
    writer.close()


async def test_a_hundred_megabytes_of_redis_and_a_reader_who_waits(redis_proxy: RedisProxy, recorder: Recorder) -> None:
    """A hundred megabytes of Redis and a reader who waits."""
    async with redis.asyncio.Redis.from_url(redis_proxy.url) as client:
        await client.eval("redis.call('SET', 'big', string.rep('x', 104857600))", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", redis_proxy.port, limit=1 << 16)
        process = psutil.Process()
        before = process.memory_info().rss
        writer.write(b"AUTH " + redis_proxy.secret.encode() + b"\r\nGET big\r\n")
        received, peak = 0, 0
        while received < 104857600 + 19:
            data = await reader.read(1 << 16)
            received += len(data)
            if received % (5 * MEGABYTE) < len(data):
                peak = max(peak, process.memory_info().rss)
                buffered = [c.client.buffered for c in redis_proxy._open]  # noqa: SLF001 -- what is held is the point
                assert max(buffered) <= 2 * WRITE_BUFFER
        assert peak - before < 16 * MEGABYTE
        writer.close()
        await client.delete("big")
    get = next(s for s in recorder.statements if s.text == "GET big")
    assert get.bytes > HUNDRED_MEGABYTES
