"""Everything but the login passes byte for byte, in both directions."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import psycopg
import pytest
import redis.asyncio

from grader.tests.wire.script import message
from grader.tests.wire.tap import tapped
from grader.wire import PostgresProxy, Recorder, RedisProxy, Upstream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grader.wire import Statement

AUTHENTICATION_OK = message("R", bytes(4))


async def _psycopg_session(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for number in range(8):
            await connection.execute("SELECT %s::int, %s::text", (number, "x" * 1000))
        async with connection.pipeline():
            await connection.execute("SELECT 1")
            await connection.execute("SELECT 2")
        async with connection.cursor() as cursor:
            await cursor.executemany("INSERT INTO book VALUES (%s, 'x')", [(n,) for n in range(5000, 5020)])
            async with cursor.copy("COPY book FROM STDIN") as copy:
                for number in range(6000, 7000):
                    await copy.write_row((number, "y" * 500))
            async with cursor.copy("COPY book TO STDOUT") as copy:
                assert [block async for block in copy]
        with pytest.raises(psycopg.errors.UndefinedTable):
            await connection.execute("SELECT * FROM nowhere")
        await connection.rollback()


async def _asyncpg_session(url: str) -> None:
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        assert len([row async for row in connection.cursor("SELECT generate_series(1, 100)", prefetch=30)]) == 100
    await connection.execute("CREATE TEMPORARY TABLE t (n int)")
    await connection.copy_records_to_table("t", records=[(n,) for n in range(1000)])
    await connection.copy_from_table("t", output=io.BytesIO())
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch("SELECT 1 / $1::int", 0)
    await connection.close()


async def _passes(statement: Statement) -> None:
    assert statement.number > 0


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("latency", [0.0, 0.001])
@pytest.mark.parametrize("session", [_psycopg_session, _asyncpg_session])
async def test_postgres_after_the_login(
    upstream: Upstream,
    recorder: Recorder,
    session: Callable[[str], Awaitable[None]],
    gated: bool,  # noqa: FBT001 -- pytest passes it
    latency: float,
) -> None:
    """Behind the login both directions are the same before and behind the proxy."""
    async with (
        asyncio.timeout(20),
        tapped(upstream.host, upstream.port) as behind,
        PostgresProxy(replace(upstream, port=behind.port), replica="A", recorder=recorder) as proxy,
        tapped("127.0.0.1", proxy.port) as before,
    ):
        proxy.latency = latency
        if gated:
            proxy.gate = _passes
        await session(proxy.url.replace(str(proxy.port), str(before.port)))
        await proxy.empty()
        await before.all_closed()
        await behind.all_closed()
    client = bytes(before.up[-1]).partition(proxy.secret.encode() + b"\0")[2]
    assert len(client) > 1000
    assert bytes(behind.up[-1]).endswith(client)
    # before it: the client's own startup packet, then the two messages of SCRAM
    opening = bytes(behind.up[-1])[: -len(client)]
    size = int.from_bytes(opening[:4], "big")
    assert opening[:size] in bytes(before.up[-1])
    assert opening[size : size + 1] == b"p"
    answers = bytes(before.down[-1]).partition(AUTHENTICATION_OK)[2]
    assert len(answers) > 1000
    assert bytes(behind.down[-1]).partition(AUTHENTICATION_OK)[2] == answers


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("protocol", [2, 3])
async def test_redis_after_the_login(
    redis_upstream: Upstream,
    recorder: Recorder,
    protocol: int,
    gated: bool,  # noqa: FBT001 -- pytest passes it
) -> None:
    """Behind the login both directions are the same before and behind the proxy."""
    async with (
        asyncio.timeout(20),
        tapped(redis_upstream.host, redis_upstream.port) as behind,
        RedisProxy(replace(redis_upstream, port=behind.port), replica="A", recorder=recorder) as proxy,
        tapped("127.0.0.1", proxy.port) as before,
    ):
        if gated:
            proxy.gate = _passes
        url = proxy.url.replace(str(proxy.port), str(before.port))
        async with redis.asyncio.Redis.from_url(url, protocol=protocol) as client:
            await client.set("big", b"\r\n" * 2_000_000)
            assert await client.get("big") == b"\r\n" * 2_000_000
            async with client.pipeline(transaction=True) as pipe:
                pipe.set("n", 1)
                pipe.incr("n")
                assert await pipe.execute() == [True, 2]
            async with client.pipeline(transaction=False) as pipe:
                pipe.hset("h", mapping={"a": "1", "b": "2"})
                pipe.hgetall("h")
                pipe.zadd("z", {"a": 1.5})
                pipe.zrange("z", 0, -1, withscores=True)
                pipe.smembers("nothing")
                pipe.eval("return redis.error_reply('X no')", 0)
                results = await pipe.execute(raise_on_error=False)
                assert results[1] == {b"a": b"1", b"b": b"2"}
            await client.delete("big", "n", "h", "z")
        await proxy.empty()
        await before.all_closed()
        await behind.all_closed()
    greeting = b"AUTH\r\n"
    sent = bytes(before.up[-1]).partition(greeting)[2].partition(proxy.secret.encode() + b"\r\n")[2]
    assert len(sent) > 4_000_000
    assert bytes(behind.up[-1]).endswith(sent)
    got, given = bytes(before.down[-1]), bytes(behind.down[-1])
    assert len(got) > 4_000_000
    own = re.match(rb"\+OK\r\n:\d+\r\n", given)  # the answers to the proxy's own AUTH and CLIENT ID
    assert own
    assert given[own.end() :] == (got if protocol == 3 else got.removeprefix(b"+OK\r\n"))
