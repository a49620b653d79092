"""Servers of the tests' own, in a home that is gone afterwards with every process that lived in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from grader.services import Address, Database, Pair, Settings, open_pair, stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

DEADLINE = 20.0


@asynccontextmanager
async def temporary_home(name: str = "home") -> AsyncIterator[Path]:
    """Make a home that servers can enter (pytest's tmp_path is closed to the account that stands in for root)."""
    parent = _make_parent()
    home = parent / name
    try:
        yield home
    finally:
        await stop(home)
        left = processes_in(home)
        shutil.rmtree(parent)
    assert left == []


def _make_parent() -> Path:
    parent = Path(tempfile.mkdtemp(prefix="katas-test-", dir="/var/tmp"))
    parent.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return parent


def processes_in(home: Path) -> list[list[str]]:
    """List the command lines of all processes that were told of this home."""
    lines = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if any(str(home) in word for word in line):
            lines.append(line)
    return lines


async def ended(pid: int) -> None:
    """Wait until a process that need not be a child has ended."""
    try:
        file = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(file, over.set)
    try:
        async with asyncio.timeout(DEADLINE):
            await over.wait()
    finally:
        asyncio.get_running_loop().remove_reader(file)
        os.close(file)


async def log_in(server: Database | Address, database: str | None = None) -> psycopg.AsyncConnection:
    """Connect as a submission's role, or as the administrator."""
    name = database or (server.name if isinstance(server, Database) else "postgres")
    return await psycopg.AsyncConnection.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=name,
        autocommit=True,
        connect_timeout=10,
    )


async def ask(server: Database | Address, query: str) -> list[tuple[object, ...]]:
    """Run one query over a connection of its own."""
    async with await log_in(server) as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []


async def names(pair: Pair, kind: str) -> set[str]:
    """List what the grader has on a server: `db`, `role` or `template`."""
    column, table = ("rolname", "pg_roles") if kind == "role" else ("datname", "pg_database")
    rows = await ask(pair.postgres, f"SELECT {column} FROM {table} WHERE {column} LIKE 'backend\\_katas\\_{kind}%'")  # noqa: S608 - constants
    return {str(name) for (name,) in rows}


@asynccontextmanager
async def lease(home: Path, *, redis: bool = False, idle_seconds: float = 600) -> AsyncIterator[Pair]:
    """Hold an embedded pair for a while."""
    pair = await open_pair(Settings("embedded", home=home, idle_seconds=idle_seconds), redis=redis, tell=_silent)
    try:
        yield pair
    finally:
        await pair.close()


def _silent(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A home whose servers stay warm from test to test."""
    with asyncio.Runner() as runner:
        made = temporary_home()
        yield runner.run(made.__aenter__())
        runner.run(made.__aexit__(None, None, None))


@pytest.fixture
async def pair(home: Path) -> AsyncIterator[Pair]:
    """A pair without Redis."""
    async with lease(home) as leased:
        yield leased
