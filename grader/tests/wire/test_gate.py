"""A gate holds a step before its first byte reaches the server; noise passes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import psycopg
import pytest
import redis.asyncio

from grader.tests.wire.tap import tapped
from grader.wire import Cut, PostgresProxy, Recorder, RedisProxy, Statement, Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.tests.wire.tap import Tap


class Held:
    """A gate that lets one step pass at a time, when told."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[Statement] = asyncio.Queue()
        self._may_go: asyncio.Queue[None] = asyncio.Queue()
        self.seen: list[str] = []

    async def __call__(self, statement: Statement) -> None:
        """Wait for permission."""
        self.seen.append(statement.text.rstrip(";"))
        self.arrived.put_nowait(statement)
        await self._may_go.get()

    def let_go(self, steps: int = 1) -> None:
        """Let steps pass."""
        for _ in range(steps):
            self._may_go.put_nowait(None)


@pytest.fixture
async def behind(upstream: Upstream) -> AsyncIterator[Tap]:
    """A relay between the proxy and the server."""
    async with tapped(upstream.host, upstream.port) as tap:
        yield tap


@pytest.fixture
async def gated(upstream: Upstream, behind: Tap, recorder: Recorder) -> AsyncIterator[PostgresProxy]:
    """A proxy whose server lies behind the relay."""
    watched = replace(upstream, port=behind.port)
    async with asyncio.timeout(20), PostgresProxy(watched, replica="A", recorder=recorder) as proxy:
        yield proxy


async def test_no_byte_of_a_held_step_reaches_the_server(gated: PostgresProxy, behind: Tap) -> None:
    """No byte of a held step reaches the server."""
    async with await psycopg.AsyncConnection.connect(gated.url) as connection:
        gate = gated.gate = Held()
        running = asyncio.create_task(connection.execute("SELECT title FROM book WHERE id = %s", (7,)))
        statement = await gate.arrived.get()
        assert (statement.text, statement.parameters) == ("SELECT title FROM book WHERE id = $1", ("7",))
        assert b"BEGIN" in behind.up[0]
        assert b"title" not in behind.up[0]
        assert not gated.is_idle
        gate.let_go()
        await running
        assert b"title" in behind.up[0]
        gated.gate = None
        await gated.idle()


async def test_steps_of_psycopg(gated: PostgresProxy) -> None:
    """A statement is one step, prepared or not; a pipeline is one; BEGIN is none, COMMIT is one."""
    async with await psycopg.AsyncConnection.connect(gated.url) as connection:
        gate = gated.gate = Held()
        gate.let_go(100)
        for number in range(8):
            await connection.execute("SELECT %s::int", (number,))
        async with connection.pipeline():
            await connection.execute("SELECT 1")
            await connection.execute("SELECT 2")
        await connection.commit()
        await connection.execute("SET application_name = 'x'")
        await connection.rollback()
        await connection.execute("UPDATE book SET title = 'x' WHERE id = -1")
        await connection.rollback()
    assert gate.seen == [
        *["SELECT $1::int"] * 8,
        "SELECT 1",
        "COMMIT",
        "UPDATE book SET title = 'x' WHERE id = -1",
        "ROLLBACK",
    ]


async def test_steps_of_asyncpg(gated: PostgresProxy) -> None:
    """A statement is one step although it is prepared first; what asyncpg asks for itself is none."""
    gate = gated.gate = Held()
    gate.let_go(100)
    async with (
        asyncpg.create_pool(gated.url, min_size=1, max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("CREATE TYPE held AS ENUM ('a')")
        for _ in range(2):
            await connection.fetch("SELECT 'a'::held, $1::int", 1)
        await connection.execute("DROP TYPE held")
    assert gate.seen == [
        "CREATE TYPE held AS ENUM ('a')",
        "SELECT 'a'::held, $1::int",
        "SELECT 'a'::held, $1::int",
        "DROP TYPE held",
        "COMMIT",
    ]


async def test_a_step_in_many_small_pieces_is_held_whole(gated: PostgresProxy, behind: Tap) -> None:
    """A step in many small pieces is held whole."""
    async with await psycopg.AsyncConnection.connect(gated.url, autocommit=True) as connection:
        gate = gated.gate = Held()
        running = asyncio.create_task(connection.execute("SELECT length(%s::text)", ("x" * (4 << 20),)))
        await gate.arrived.get()
        assert b"xxx" not in behind.up[0]
        gate.let_go()
        assert await (await running).fetchone() == (4 << 20,)


async def test_copy_passes_freely(gated: PostgresProxy) -> None:
    """Copy passes freely."""
    async with await psycopg.AsyncConnection.connect(gated.url) as connection:
        gate = gated.gate = Held()
        async with connection.cursor() as cursor, cursor.copy("COPY book FROM STDIN") as copy:
            for number in range(9000, 9200):
                await copy.write_row((number, "x" * 10_000))
        assert gate.seen == []
        gate.let_go()
        await connection.rollback()
    assert gate.seen == ["ROLLBACK"]


async def test_a_gate_may_cut_the_connection(gated: PostgresProxy, behind: Tap) -> None:
    """A gate may cut the connection before the step."""

    async def refuse(statement: Statement) -> None:  # noqa: ARG001 -- a gate's signature
        raise Cut

    async with await psycopg.AsyncConnection.connect(gated.url, autocommit=True) as connection:
        gated.gate = refuse
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 'never'")
    await gated.empty()
    assert b"never" not in behind.up[0]


async def test_a_client_that_leaves_while_held_never_takes_the_step(gated: PostgresProxy, behind: Tap) -> None:
    """A client that leaves while held never takes the step."""
    connection = await asyncpg.connect(gated.url)
    gate = gated.gate = Held()
    running = asyncio.create_task(connection.execute("SELECT 'never'"))
    statement = await gate.arrived.get()
    connection.terminate()
    await asyncio.gather(running, return_exceptions=True)
    await gated.empty()
    assert statement.error == "08006"
    assert b"never" not in behind.up[0]


async def test_closing_the_proxy_ends_what_is_held(gated: PostgresProxy) -> None:
    """Closing the proxy ends what is held."""
    connection = await asyncpg.connect(gated.url)
    gate = gated.gate = Held()
    running = asyncio.create_task(connection.execute("SELECT 1"))
    await gate.arrived.get()
    await gated.close()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running


async def test_steps_of_redis(redis_proxy: RedisProxy) -> None:
    """A command is a step, and so is MULTI..EXEC; greetings are none."""
    gate = redis_proxy.gate = Held()
    gate.let_go(100)
    async with redis.asyncio.Redis.from_url(redis_proxy.url) as client:
        await client.ping()
        await client.set("a", 1)
        async with client.pipeline(transaction=True) as pipe:
            pipe.incr("a")
            pipe.incr("a")
            await pipe.execute()
        async with client.pipeline(transaction=False) as pipe:
            pipe.get("a")
            pipe.delete("a")
            await pipe.execute()
    assert gate.seen == ["SET a", "EXEC", "GET a", "DEL a"]


async def test_a_held_redis_command_does_not_reach_the_server(redis_upstream: Upstream, recorder: Recorder) -> None:
    """A held Redis command does not reach the server."""
    async with (
        asyncio.timeout(10),
        tapped(redis_upstream.host, redis_upstream.port) as behind,
        RedisProxy(replace(redis_upstream, port=behind.port), replica="A", recorder=recorder) as proxy,
        redis.asyncio.Redis.from_url(proxy.url) as client,
    ):
        await client.ping()
        gate = proxy.gate = Held()
        running = asyncio.ensure_future(client.set("held", b"z" * 100_000))
        await gate.arrived.get()
        assert b"held" not in behind.up[0]
        gate.let_go()
        assert await running
        gate.let_go()
        await client.delete("held")
