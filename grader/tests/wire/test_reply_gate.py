"""A reply gate holds what the server has answered to a step; results are kept where that is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import psycopg
import pytest
import redis.asyncio

from grader.tests.wire.test_gate import Held
from grader.wire import Cut, PostgresProxy, RedisProxy, Statement

if TYPE_CHECKING:
    from grader.wire.proxy import Proxy


async def passes(statement: Statement) -> None:
    """Let every step go."""


def done_on(proxy: Proxy) -> list[str]:
    """Return a list that fills with the texts of the steps that are over."""
    over: list[str] = []
    proxy.done = lambda statement: over.append(statement.text.rstrip(";"))
    return over


async def test_a_reply_waits_for_its_gate(proxy: PostgresProxy) -> None:
    """The server has run the step, and the client knows nothing of it before the gate lets the reply go."""
    over = done_on(proxy)
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        proxy.gate, gate = passes, Held()
        proxy.reply_gate = gate
        running = asyncio.ensure_future(connection.execute("SELECT 1 WHERE pg_try_advisory_lock(1)"))
        assert (await gate.arrived.get()).command == "SELECT 1"
        assert (over, running.done(), proxy.is_idle) == ([], False, False)
        gate.let_go()
        assert await (await running).fetchone() == (1,)
        assert over == ["SELECT 1 WHERE pg_try_advisory_lock(1)"]
        proxy.gate = proxy.reply_gate = None
        await proxy.idle()


async def test_a_cut_reply_leaves_a_commit_standing(proxy: PostgresProxy) -> None:
    """Where the reply to COMMIT is cut, the client sees a lost connection and the rows are there."""
    over = done_on(proxy)

    async def cut(statement: Statement) -> None:
        if statement.text == "COMMIT":
            raise Cut

    async with asyncio.timeout(20):
        connection = await psycopg.AsyncConnection.connect(proxy.url)
        await connection.execute("INSERT INTO book (id, title) VALUES (77, 'cut')")
        proxy.gate, proxy.reply_gate = passes, cut
        with pytest.raises(psycopg.OperationalError):
            await connection.commit()
        await proxy.empty()
        proxy.gate = proxy.reply_gate = None
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
            deleted = await other.execute("DELETE FROM book WHERE id = 77")
            assert deleted.rowcount == 1
    assert over.count("COMMIT") == 1


@pytest.mark.parametrize("times", [1, 8])
async def test_each_step_is_over_once(proxy: PostgresProxy, times: int) -> None:
    """A step is over when its Execute has been answered, also where its Parse is answered by itself before."""
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        over = done_on(proxy)
        proxy.gate = passes
        for _ in range(times):
            await connection.execute("SELECT title FROM book WHERE id = %s", [1])
        async with connection.pipeline():
            await connection.execute("SELECT 2")
            await connection.execute("SELECT 3")
        failing = connection.execute("SELECT 1 / 0")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await failing
    assert over == [*["SELECT title FROM book WHERE id = $1"] * times, "SELECT 2", "SELECT 1 / 0"]


async def test_a_lost_connection_ends_its_step(proxy: PostgresProxy) -> None:
    """A step whose connection ends before the answer is over, with an error."""
    ended: asyncio.Future[Statement] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(20):
        connection = await asyncpg.connect(proxy.url)
        proxy.gate = gate = Held()
        proxy.done = ended.set_result
        gate.let_go()
        running = asyncio.ensure_future(connection.execute("SELECT pg_sleep(10)"))
        await gate.arrived.get()
        await proxy.close()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await running
        assert (await ended).error == "08006"


async def test_results_are_kept_by_both_drivers(proxy: PostgresProxy) -> None:
    """Columns and first rows of an answer are kept as texts, whichever format they travelled in."""
    query = "SELECT 7 AS id, 'Dune' AS title, NULL::uuid AS code"
    proxy.keep_results = True
    with proxy.recorder.recording() as window:
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
            await connection.execute(query)
            await connection.execute(query, prepare=True)
            await connection.execute(query, prepare=True)
        connection = await asyncpg.connect(proxy.url)
        await connection.fetch(query)
        await connection.fetch(query)
        await connection.close()
    results = [statement.result for statement in window.counted]
    assert len(results) == 5
    for result in results:
        assert result is not None
        assert (result.columns, result.rows) == (("id", "title", "code"), [("7", "Dune", None)])


async def test_a_redis_reply_waits_for_its_gate(redis_proxy: RedisProxy) -> None:
    """Redis has run the command when its reply is held, and a cut reply is a lost connection."""
    over = done_on(redis_proxy)
    async with asyncio.timeout(20), redis.asyncio.Redis.from_url(redis_proxy.url) as client:
        await client.delete("n")
        redis_proxy.keep_results = True
        redis_proxy.gate = passes
        gate = redis_proxy.reply_gate = Held()
        running = asyncio.ensure_future(client.incr("n"))
        statement = await gate.arrived.get()
        assert not running.done()
        gate.let_go()
        assert await running == 1
        assert statement.result is not None
        assert statement.result.rows == [("1",)]
        assert over[-1:] == ["INCRBY n"]
        redis_proxy.gate = redis_proxy.reply_gate = None
        await client.delete("n")
