"""Servers that hang or refuse, commands of Redis that fail, and calls that do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import httpx
import psycopg
import pytest
import redis
import redis.asyncio

from grader.wire.outside import Call, OutsideService, Reply
from grader.wire.proxy import Fail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.wire import PostgresProxy, Recorder, RedisProxy, Statement


class Faults:
    """A gate that has the steps fail whose text begins with a word."""

    def __init__(self, word: str, fault: Fail) -> None:
        self.word = word
        self.fault = fault
        self.over: list[str] = []

    async def __call__(self, statement: Statement) -> None:
        """Raise where the word says so."""
        if statement.text.startswith(self.word):
            raise self.fault

    def done(self, statement: Statement) -> None:
        """Note a step that is over."""
        self.over.append(f"{statement.text} {statement.error}")


@pytest.fixture(params=[2, 3])
async def client(redis_proxy: RedisProxy, request: pytest.FixtureRequest) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of each version of the protocol, which has said its greetings."""
    async with redis.asyncio.Redis.from_url(redis_proxy.url, protocol=request.param, retry=None) as client:
        await client.ping()
        yield client
        redis_proxy.gate = None
        await client.flushdb()


async def test_a_command_fails(redis_proxy: RedisProxy, client: redis.asyncio.Redis) -> None:
    """A command fails with the error as ordered, and Redis has not seen it; those around it are answered in order."""
    faults = redis_proxy.gate = Faults("SET b", Fail("OOM", "command not allowed"))
    redis_proxy.done = faults.done
    async with client.pipeline(transaction=False) as pipe:
        pipe.set("a", 1)
        pipe.set("b", 1)
        pipe.get("a")
        first, second, third = await pipe.execute(raise_on_error=False)
    assert (first, third) == (True, b"1")
    assert isinstance(second, redis.exceptions.OutOfMemoryError)
    assert await client.get("b") is None
    assert faults.over == ["SET a None", "SET b OOM", "GET a None", "GET b None"]
    await redis_proxy.idle()


async def test_exec_fails_and_what_it_held_is_given_up(redis_proxy: RedisProxy, client: redis.asyncio.Redis) -> None:
    """When EXEC fails, what MULTI queued is given up, and the connection goes on."""
    faults = redis_proxy.gate = Faults("EXEC", Fail("EXECABORT", "no"))
    redis_proxy.done = faults.done
    async with client.pipeline(transaction=True) as pipe:
        pipe.set("a", 1)
        with pytest.raises(redis.exceptions.ExecAbortError):
            await pipe.execute()
        assert redis_proxy.in_transaction == 0
        faults.word = "nothing"
        pipe.incr("a")
        assert await pipe.execute() == [1]
    assert faults.over == ["EXEC EXECABORT", "EXEC None"]


async def test_a_failed_command_goes_through_the_reply_gate(
    redis_proxy: RedisProxy, client: redis.asyncio.Redis
) -> None:
    """The reply gate is asked for a command that was made to fail."""
    asked: list[Statement] = []

    async def reply_gate(statement: Statement) -> None:
        asked.append(statement)

    redis_proxy.gate, redis_proxy.reply_gate = Faults("GET", Fail("LOADING", "later")), reply_gate
    with pytest.raises(redis.exceptions.BusyLoadingError):
        await client.get("a")
    redis_proxy.reply_gate = None
    assert [statement.error for statement in asked] == ["LOADING"]


async def test_a_call_fails(recorder: Recorder) -> None:
    """A call gets the status that was ordered, and the handler has not seen it."""

    async def never(call: Call) -> Reply:
        raise AssertionError(call)

    async with OutsideService(never, replica="A", recorder=recorder) as service:
        service.gate = Faults("POST", Fail("503", "closed for stocktaking"))
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(service.url)
        assert (answer.status_code, answer.json(), service.failure) == (503, {"detail": "closed for stocktaking"}, None)


async def test_a_postgres_that_hangs(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A Postgres that hangs answers neither old nor new clients; who was lost stays so, who comes later is served."""
    connection = await asyncpg.connect(proxy.url)
    proxy.hanging = True
    lost = asyncio.create_task(connection.execute("SELECT 'lost'"))
    while proxy.is_idle:
        _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.close()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(proxy.url, timeout=0.1)
    proxy.hanging = False
    async with await psycopg.AsyncConnection.connect(proxy.url) as other:
        await other.execute("SELECT 1")
    assert (lost.done(), proxy.is_idle) == (False, False)
    connection.terminate()
    await asyncio.gather(lost, return_exceptions=True)
    await proxy.empty()
    assert proxy.is_idle
    assert all("lost" not in statement.text for statement in recorder.statements)


async def test_a_postgres_that_refuses(proxy: PostgresProxy) -> None:
    """A Postgres that refuses cuts who is there and turns away who comes, until it does no longer."""
    connection = await asyncpg.connect(proxy.url)
    running = asyncio.create_task(connection.execute("SELECT pg_sleep(20)"))
    while proxy.is_idle:
        await (await psycopg.AsyncConnection.connect(proxy.url)).close()
    proxy.refusing = True
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running
    with pytest.raises(psycopg.OperationalError):
        await psycopg.AsyncConnection.connect(proxy.url)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await asyncpg.connect(proxy.url)
    assert proxy.connections == 0
    proxy.refusing = False
    await (await psycopg.AsyncConnection.connect(proxy.url)).close()


async def test_a_redis_that_hangs_and_refuses(redis_proxy: RedisProxy) -> None:
    """A Redis that hangs leaves its client to its timeout, one that refuses does not."""
    async with redis.asyncio.Redis.from_url(redis_proxy.url, socket_timeout=0.1, retry=None) as client:
        await client.ping()
        redis_proxy.hanging = True
        with pytest.raises(redis.exceptions.TimeoutError):
            await client.get("a")
        redis_proxy.hanging, redis_proxy.refusing = False, True
        with pytest.raises(redis.exceptions.ConnectionError):
            await client.get("a")
        redis_proxy.refusing = False
        assert await client.get("a") is None


async def test_an_outside_service_that_hangs_and_refuses(recorder: Recorder) -> None:
    """The outside service can hang and refuse as the servers can."""

    async def answer(call: Call) -> Reply:
        return Reply(200, call.number)

    async with (
        OutsideService(answer, replica="A", recorder=recorder) as service,
        httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=0.1) as client,
    ):
        await client.get("/")
        service.hanging = True
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/")
        service.hanging, service.refusing = False, True
        with pytest.raises(httpx.TransportError):
            await client.get("/")
        service.refusing = False
        assert (await client.get("/")).json() == 2
