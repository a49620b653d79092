"""The Redis of a pair: emptied on demand, and not to be administered by a submission."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ResponseError

from grader.services.redis import RedisError
from grader.tests.services.conftest import lease

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services import Address


NO_RETRY = Retry(NoBackoff(), 0)


def client(address: Address, password: str | None = None) -> Redis:
    """Connect as a submission's proxy does."""
    return Redis(
        host=address.host,
        port=address.port,
        username=address.user,
        password=password or address.password,
        retry=NO_RETRY,
    )


async def test_flush(home: Path) -> None:
    """Flushing removes keys of every database, scripts and functions."""
    async with lease(home, redis=True) as pair:
        assert pair.redis is not None
        async with client(pair.redis) as redis:
            await redis.set("key", "value")
            await redis.select(3)
            await redis.set("key", "value")
            sha = await redis.script_load("return 1")
            await redis.function_load("#!lua name=mine\nredis.register_function('f', function() return 1 end)")
            await pair.flush_redis()
            assert await redis.info("keyspace") == {}
            assert await redis.script_exists(sha) == [False]
            assert await redis.function_list() == []


async def test_next_run_finds_nothing(home: Path) -> None:
    """A key does not outlive the run that wrote it."""
    async with lease(home, redis=True) as pair:
        assert pair.redis is not None
        async with client(pair.redis) as redis:
            await redis.set("key", "value")
        port = pair.redis.port
    async with lease(home, redis=True) as pair:
        assert pair.redis is not None
        assert pair.redis.port == port
        async with client(pair.redis) as redis:
            assert await redis.get("key") is None


async def test_password(home: Path) -> None:
    """Knowing the port is worth nothing."""
    async with lease(home, redis=True) as pair:
        assert pair.redis is not None
        async with client(pair.redis, "guess") as redis:
            with pytest.raises(AuthenticationError):
                await redis.get("key")


@pytest.mark.parametrize(
    "command", ["CONFIG SET maxmemory 1", "SHUTDOWN", "ACL SETUSER me on", "REPLICAOF 127.0.0.1 1", "DEBUG SLEEP 1"]
)
async def test_no_administration(home: Path, command: str) -> None:
    """Nothing can be done to the Redis that would outlive its keys."""
    async with lease(home, redis=True) as pair:
        assert pair.redis is not None
        async with client(pair.redis) as redis:
            with pytest.raises(ResponseError):
                await redis.execute_command(*command.split())  # type: ignore[no-untyped-call]


async def test_a_pair_asks_its_redis(home: Path) -> None:
    """A command is answered with a text, a list or null; who is given up meanwhile takes nobody's answer away."""
    async with lease(home, redis=True) as pair:
        assert await pair.ask_redis("RPUSH", "list", "a", "b") == "2"
        assert await pair.ask_redis("LRANGE", "list", "0", "-1") == ["a", "b"]
        assert await pair.ask_redis("GET", "nothing") is None
        with pytest.raises(RedisError, match="WRONGTYPE"):
            await pair.ask_redis("GET", "list")
        given_up = asyncio.ensure_future(pair.ask_redis("ECHO", "one"))
        await asyncio.wait([given_up], timeout=0)
        given_up.cancel()
        assert await pair.ask_redis("ECHO", "two") == "two"
