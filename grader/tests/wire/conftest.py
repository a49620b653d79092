"""A Postgres and a Redis for the wire's tests, and proxies before them."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.services import Settings, open_pair, stop
from grader.wire import PostgresProxy, Recorder, RedisProxy, Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """A test that waits for what never comes fails after 20 seconds instead of waiting on."""

    def late(*_: object) -> None:
        raise TimeoutError("the test took longer than 20 s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Upstream, Upstream]]:
    """The servers: a database of its own, and a Redis."""
    home = Path(tempfile.mkdtemp(prefix="wire-"))
    home.chmod(0o755)  # where the tests run as root the servers run as another account
    with asyncio.Runner() as runner:
        pair = runner.run(open_pair(Settings(home=home, choice="embedded"), redis=True, tell=print))
        database = runner.run(pair.database("CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL)"))
        assert pair.redis is not None
        yield (
            Upstream(database.host, database.port, database.user, database.password, database.name),
            Upstream(pair.redis.host, pair.redis.port, pair.redis.user, pair.redis.password),
        )
        runner.run(pair.close())
        runner.run(stop(home))
    shutil.rmtree(home)


@pytest.fixture
def upstream(servers: tuple[Upstream, Upstream]) -> Upstream:
    """A database of a submission."""
    return servers[0]


@pytest.fixture
def redis_upstream(servers: tuple[Upstream, Upstream]) -> Upstream:
    """A Redis."""
    return servers[1]


@pytest.fixture
def recorder() -> Recorder:
    """A new recorder."""
    return Recorder()


@pytest.fixture
async def proxy(upstream: Upstream, recorder: Recorder) -> AsyncIterator[PostgresProxy]:
    """A proxy before the database."""
    async with PostgresProxy(upstream, replica="A", recorder=recorder) as proxy:
        yield proxy


@pytest.fixture
async def redis_proxy(redis_upstream: Upstream, recorder: Recorder) -> AsyncIterator[RedisProxy]:
    """A proxy before the Redis."""
    async with RedisProxy(redis_upstream, replica="A", recorder=recorder) as proxy:
        yield proxy
