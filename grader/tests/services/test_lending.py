"""Embedded pairs: warm, one to a run, cleaned up behind whoever was killed, gone when nobody needs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from grader.services import Pair, ServicesUnavailableError, Settings, open_pair, status, stop
from grader.tests.services.conftest import ask, ended, lease, log_in, names, processes_in, temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOLDER = """
import asyncio, sys
from pathlib import Path
from grader.services import Settings, open_pair

async def main():
    pair = await open_pair(Settings("embedded", home=Path(sys.argv[1])), redis=True, tell=lambda line: None)
    await pair.database("CREATE TABLE left_behind (id int)")
    print(pair.postgres.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@asynccontextmanager
async def holder(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Let another process hold a pair with a database on it, and say its port."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(home), stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None
        yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def started(pair: Pair) -> object:
    """Ask when the server started, which tells it from any other."""
    return await ask(pair.postgres, "SELECT pg_postmaster_start_time()")


async def test_warm(home: Path) -> None:
    """A second run gets the server that the first one left warm."""
    async with lease(home) as first:
        server = await started(first)
    async with lease(home) as second:
        assert await started(second) == server


async def test_two_at_once(home: Path) -> None:
    """Two runs at once have a Postgres and a Redis each."""
    async with lease(home, redis=True) as one, lease(home, redis=True) as other:
        assert one.redis is not None
        assert other.redis is not None
        assert len({one.postgres.port, other.postgres.port, one.redis.port, other.redis.port}) == 4


async def test_starting_race() -> None:
    """Two runs that both find no keeper start one between them."""
    async with temporary_home() as home:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(open_and_close(home))
        assert len(await status(home)) == 1


async def open_and_close(home: Path) -> None:
    """Hold a pair for no time."""
    async with lease(home):
        pass


async def test_redis_on_demand(home: Path) -> None:
    """A Redis runs only once a run asked for it."""
    await stop(home)
    async with lease(home) as pair:
        assert pair.redis is None
        assert "redis" not in pair.versions
        [keeper] = await status(home)
        assert [running.redis for running in keeper.pairs] == [None]
    async with lease(home, redis=True):
        [keeper] = await status(home)
        assert [running.redis is not None for running in keeper.pairs] == [True]


async def test_versions(home: Path) -> None:
    """The versions are those that the servers themselves answer."""
    async with lease(home, redis=True) as pair:
        assert pair.kind == "embedded"
        assert await ask(pair.postgres, "SHOW server_version") == [(pair.versions["postgres"],)]
        assert pair.versions["redis"].startswith("valkey 9.")


async def test_status(home: Path) -> None:
    """The status says which pairs run, and which process holds them."""
    async with lease(home):
        [keeper] = await status(home)
        assert os.getpid() in [running.leased_to for running in keeper.pairs]
    # The lease ends with its connection, so another question comes after it.
    async with lease(home):
        pass


async def test_closed_run(home: Path) -> None:
    """A run that closes its pair leaves no database and no role that could log in."""
    async with lease(home) as first:
        await first.database()
        await first.database("CREATE TABLE a (id int)")
    async with lease(home) as second:
        assert await names(second, "db") == set()
        assert await ask(second.postgres, "SELECT rolname FROM pg_roles WHERE rolcanlogin") == [("postgres",)]


async def test_killed_run(home: Path) -> None:
    """Of a run that is killed with SIGKILL nothing is left: no database, no session, no key."""
    await stop(home)
    async with holder(home) as (process, port):
        [keeper] = await status(home)
        [running] = keeper.pairs
        assert running.leased_to == process.pid
        process.kill()
        await process.wait()
        async with lease(home, redis=True) as pair:
            assert pair.postgres.port != port
            assert await names(pair, "db") == set()
            assert await names(pair, "template") == set()
            [keeper] = await status(home)
            assert len(keeper.pairs) == 1
        for pid in (running.postgres, running.redis):
            assert pid is not None
            await ended(pid)


async def test_killed_keeper(home: Path) -> None:
    """A run survives its keeper, whose servers the next keeper finds and ends when that run has ended."""
    await stop(home)
    async with lease(home, redis=True) as orphan:
        [keeper] = await status(home)
        os.kill(keeper.pid, signal.SIGKILL)
        await ended(keeper.pid)
        assert await status(home) == []
        await orphan.database()
        async with lease(home, redis=True) as pair:
            assert pair.postgres.port != orphan.postgres.port
            await orphan.database("CREATE TABLE still_there (id int)")
            [left] = keeper.pairs
    for pid in (left.postgres, left.redis):
        assert pid is not None
        await ended(pid)


async def test_killed_keeper_and_run(home: Path) -> None:
    """Servers whose keeper and run were both killed are ended by the next keeper before it lends anything."""
    await stop(home)
    async with holder(home) as (process, port):
        [keeper] = await status(home)
        os.kill(keeper.pid, signal.SIGKILL)
        process.kill()
        await asyncio.gather(process.wait(), ended(keeper.pid))
        async with lease(home) as pair:
            assert pair.postgres.port != port
            assert not any("postgres" in word and "pairs/1" in word for line in processes_in(home) for word in line[:1])
            assert pair.postgres.port != port


async def test_broken_server(home: Path) -> None:
    """A warm server that somebody killed is replaced without a word."""
    async with lease(home):
        [keeper] = await status(home)
    for running in keeper.pairs:
        assert running.postgres is not None
        os.kill(running.postgres, signal.SIGQUIT)
        await ended(running.postgres)
    async with lease(home) as pair:
        assert await ask(pair.postgres, "SELECT 1") == [(1,)]


async def test_idle(home: Path) -> None:
    """Servers that nobody leases for the idle time end, and their keeper after them."""
    await stop(home)
    async with lease(home, redis=True, idle_seconds=0.05):
        [keeper] = await status(home)
    await ended(keeper.pid)
    assert processes_in(home) == []
    assert await status(home) == []


async def test_stop(home: Path) -> None:
    """Stopping ends everything, a pair that is leased included."""
    async with lease(home) as pair:
        [keeper] = await stop(home)
        assert keeper.pairs
        assert processes_in(home) == []
        with pytest.raises(psycopg.OperationalError):
            await log_in(pair.postgres)


async def test_terminated_keeper(home: Path) -> None:
    """A keeper that is told to end, as when the machine is shut down, ends its servers first, leased ones too."""
    async with lease(home, redis=True):
        [keeper] = await status(home)
        os.kill(keeper.pid, signal.SIGTERM)
        await ended(keeper.pid)
        assert processes_in(home) == []


async def test_tell() -> None:
    """The first run of all says that it initialises a cluster, and a later one says nothing."""
    async with temporary_home() as home:
        for expected in (["Initialising a PostgreSQL 18 cluster (once, about a second) …"], []):
            told: list[str] = []
            pair = await open_pair(Settings("embedded", home=home), redis=False, tell=told.append)
            await pair.close()
            assert told == expected


async def test_awkward_path() -> None:
    """A home may have spaces in its path, and a path longer than that of a socket may be."""
    async with temporary_home("a folder with spaces, and quote's, that goes on " + "and on " * 12) as home:
        async with lease(home, redis=True) as pair:
            await pair.database("CREATE TABLE a (id int)")
        assert len(await status(home)) == 1


async def test_unusable_home(tmp_path: Path) -> None:
    """A home that cannot be made is named, with the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ServicesUnavailableError, match=r"file/home cannot be made: .*Choose another home"):
        await open_pair(Settings("embedded", home=tmp_path / "file" / "home"), redis=False, tell=print)
