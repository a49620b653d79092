"""asyncpg works through the proxy as it does without it, and what it did is recorded."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import pytest

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Recorder


async def test_a_session_is_recorded(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A session is recorded."""
    connection = await asyncpg.connect(proxy.url)
    for number in range(3):
        assert await connection.fetch("SELECT $1::int + $2::bigint", number, 10) == [(number + 10,)]
    await connection.close()
    assert [(s.text, s.parameters, s.rows, s.command) for s in recorder.statements] == [
        ("SELECT $1::int + $2::bigint", (str(number), "10"), 1, "SELECT 1") for number in range(3)
    ]
    assert recorder.round_trips == 3  # that the first is prepared before it is executed does not count


async def test_a_transaction_and_a_cursor(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A transaction and a cursor."""
    connection = await asyncpg.connect(proxy.url)
    async with connection.transaction():
        rows = [row[0] async for row in connection.cursor("SELECT generate_series(1, 100)", prefetch=40)]
        assert proxy.in_transaction == 1
    await connection.close()
    assert rows == list(range(1, 101))
    assert [(s.text, s.rows) for s in recorder.statements if s.rows] == [
        ("SELECT generate_series(1, 100)", 40),
        ("SELECT generate_series(1, 100)", 40),
        ("SELECT generate_series(1, 100)", 20),
    ]
    assert [s.text for s in recorder.statements if s.noise] == ["BEGIN;"]


async def test_a_prepared_statement(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A prepared statement."""
    connection = await asyncpg.connect(proxy.url)
    prepared = await connection.prepare("SELECT $1::text")
    await proxy.idle()
    assert [await prepared.fetchval(word) for word in ("a", "b")] == ["a", "b"]
    await connection.close()
    assert [s.parameters for s in recorder.counted] == [("a",), ("b",)]


async def test_executemany(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Executemany."""
    connection = await asyncpg.connect(proxy.url)
    await connection.execute("CREATE TEMPORARY TABLE t (n int)")
    with recorder.recording() as window:
        await connection.executemany("INSERT INTO t VALUES ($1)", [(number,) for number in range(5000)])
    assert await connection.fetchval("SELECT count(*) FROM t") == 5000
    await connection.close()
    assert len(window.counted) == 5000
    assert window.rows == 5000
    assert window.round_trips <= 3


async def test_copy_in_and_out(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Copy in and out."""
    connection = await asyncpg.connect(proxy.url)
    await connection.execute("CREATE TEMPORARY TABLE t (n int, w text)")
    await connection.copy_records_to_table("t", records=[(number, "x" * 100) for number in range(2000)])
    out = io.BytesIO()
    await connection.copy_from_table("t", output=out)
    await connection.close()
    assert out.getvalue().count(b"\n") == 2000
    assert [s.command for s in recorder.statements if s.category == "copy"] == ["COPY 2000", "COPY 2000"]


async def test_a_timeout_cancels_the_statement(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A timeout cancels the statement."""
    connection = await asyncpg.connect(proxy.url)
    with pytest.raises(asyncio.TimeoutError):
        await connection.fetch("SELECT pg_sleep(20)", timeout=0.05)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert [s.error for s in recorder.counted] == ["57014", None]


async def test_a_statement_that_is_wrong(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A statement that is wrong."""
    connection = await asyncpg.connect(proxy.url)
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await connection.fetch("SELEC 1")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch("SELECT 1 / $1::int", 0)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert [(s.text, s.error) for s in recorder.counted] == [
        ("SELEC 1", "42601"),
        ("SELECT 1 / $1::int", "22012"),
        ("SELECT 1", None),
    ]


async def test_introspection_and_the_reset_of_a_pool_are_noise(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Introspection and the reset of a pool are noise."""
    async with asyncpg.create_pool(proxy.url, min_size=1, max_size=1) as pool:
        async with pool.acquire() as connection:
            await connection.execute("CREATE TYPE mood AS ENUM ('glad')")
        async with pool.acquire() as connection:
            await connection.fetch("SELECT array['glad'::mood]")
            await connection.set_type_codec("json", encoder=str, decoder=str, schema="pg_catalog")
            await connection.execute("DROP TYPE mood")
    assert [s.text for s in recorder.counted] == [
        "CREATE TYPE mood AS ENUM ('glad')",
        "SELECT array['glad'::mood]",
        "DROP TYPE mood",
    ]
