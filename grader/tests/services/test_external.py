"""Servers that somebody else runs: taken by one run at a time, and left as they were."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from grader.services import Address, Pair, ServicesUnavailableError, Settings, open_pair
from grader.tests.services.conftest import ask, lease, names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def host(home: Path) -> AsyncIterator[Pair]:
    """Two servers to be used by their URLs."""
    async with lease(home, redis=True) as pair:
        await ask(pair.postgres, "DROP DATABASE backend_katas_base")
        yield pair


def url(scheme: str, address: Address | None, database: str = "") -> str:
    """Write the URL of a server."""
    assert address is not None
    return f"{scheme}://{address.user}:{address.password}@{address.host}:{address.port}/{database}"


@asynccontextmanager
async def external(host: Pair, *, redis: bool = False) -> AsyncIterator[Pair]:
    """Take the host's servers by their URLs."""
    settings = Settings("external", postgres_url=url("postgresql", host.postgres), redis_url=url("redis", host.redis))
    pair = await open_pair(settings, redis=redis, tell=print)
    try:
        yield pair
    finally:
        await pair.close()


async def test_left_as_found(host: Pair) -> None:
    """A run makes databases there as anywhere, and leaves none, nor a role, nor other rights on existing databases."""
    rights = "SELECT datname, datacl FROM pg_database WHERE datname NOT LIKE '%template\\_%' ORDER BY 1"
    before = await ask(host.postgres, rights)
    async with external(host, redis=True) as pair:
        assert pair.kind == "external"
        assert pair.versions == host.versions
        database = await pair.database("CREATE TABLE a (place vector(3)); CREATE TABLE b ()")
        assert await ask(database, "SELECT count(*) FROM a") == [(0,)]
        await pair.drop(database)
        await pair.database("CREATE TABLE c ()")
    assert await ask(host.postgres, rights) == before
    assert await names(host, "role") == set()


async def test_one_run_at_a_time(host: Pair) -> None:
    """A second run is told that the server is in use, and does not disturb the first."""
    async with external(host) as pair:
        database = await pair.database("CREATE TABLE a ()")
        with pytest.raises(ServicesUnavailableError, match=r"Another run is using the PostgreSQL at 127\.0\.0\.1:\d+"):
            async with external(host):
                pass
        assert await ask(database, "SELECT count(*) FROM a") == [(0,)]


async def test_killed_run(host: Pair) -> None:
    """What a killed run left, keys included, is removed by the next."""
    async with external(host, redis=True) as pair:
        assert host.redis is not None
        left = await pair.database("CREATE TABLE a ()")
        killer = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        async with Redis(host=host.redis.host, port=host.redis.port, password=host.redis.password) as redis:
            await redis.set("key", "left")
            await ask(host.postgres, f"{killer} AND application_name = 'backend-katas'")
            async with external(host, redis=True) as later:
                assert left.name not in await names(later, "db")
                assert await redis.get("key") is None


async def test_foreign_keys_are_safe(host: Pair) -> None:
    """A Redis that holds somebody's keys is refused, not emptied."""
    assert host.redis is not None
    async with Redis(host=host.redis.host, port=host.redis.port, password=host.redis.password) as redis:
        await redis.set("key", "somebody's")
        with pytest.raises(ServicesUnavailableError, match=r"holds keys \(db0\).*Name an empty Redis"):
            async with external(host, redis=True):
                pass
        assert await redis.get("key") == b"somebody's"


async def test_no_superuser(pair: Pair) -> None:
    """A user who is no superuser is refused, with the statement that mends it."""
    database = await pair.database()
    address = Address(database.host, database.port, database.user, database.password)
    settings = Settings("external", postgres_url=url("postgresql", address, database.name))
    with pytest.raises(ServicesUnavailableError, match=f"not a superuser.*ALTER ROLE {database.user} SUPERUSER"):
        await open_pair(settings, redis=False, tell=print)


async def test_old_server() -> None:
    """A Postgres before 15 is refused by its version."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def message(kind: bytes, body: bytes) -> bytes:
            return kind + (len(body) + 4).to_bytes(4) + body

        while (await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4))[:2] != b"\0\3":
            writer.write(b"N")
        writer.write(message(b"R", bytes(4)) + message(b"S", b"server_version\x0014.9\0"))
        writer.write(message(b"S", b"is_superuser\0on\0") + message(b"Z", b"I"))
        with suppress(asyncio.CancelledError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings("external", postgres_url=f"postgresql://me@127.0.0.1:{port}/")
        with pytest.raises(ServicesUnavailableError, match=r"is version 14\.9; 15 or newer is needed"):
            await open_pair(settings, redis=False, tell=print)


@pytest.mark.parametrize(
    ("postgres_url", "message"),
    [
        (None, "the URL of PostgreSQL is missing"),
        ("mysql://somewhere", "must have the form postgresql://.*got the scheme 'mysql'"),
        ("postgresql:///katas", "must have the form .*the host None"),
        ("postgresql://somewhere:port", "cannot be read"),
        ("postgresql://me:secret@127.0.0.1:1", "cannot be used: .*refused"),
    ],
)
async def test_url(postgres_url: str | None, message: str) -> None:
    """A URL that is missing, wrong or leads nowhere is said to be so, without its password."""
    with pytest.raises(ServicesUnavailableError, match=message) as refused:
        await open_pair(Settings("external", postgres_url=postgres_url), redis=False, tell=print)
    assert "me:secret" not in str(refused.value)
