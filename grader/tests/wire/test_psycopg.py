"""psycopg 3 works through the proxy as it does without it, and what it did is recorded."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import RangeInfo

from grader.wire import CallSite

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Recorder


async def test_a_session_is_recorded(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A session is recorded."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        await connection.execute("INSERT INTO book VALUES (%s, %s) /* katas:app/books.py:12 */", (1, "Dune"))
        cursor = await connection.execute("SELECT title FROM book WHERE id = %s", (1,))
        assert await cursor.fetchall() == [("Dune",)]
        assert proxy.in_transaction == 1
        await connection.rollback()
    await proxy.idle()
    assert [(s.text, s.parameters, s.command, s.rows, s.noise) for s in recorder.statements] == [
        ("BEGIN", (), "BEGIN", 0, True),
        ("INSERT INTO book VALUES ($1, $2)", ("1", "Dune"), "INSERT 0 1", 1, False),
        ("SELECT title FROM book WHERE id = $1", ("1",), "SELECT 1", 1, False),
        ("ROLLBACK", (), "ROLLBACK", 0, False),
    ]
    assert recorder.statements[1].site == CallSite("app/books.py", 12)
    assert recorder.round_trips == 4
    assert recorder.bytes > 0
    assert proxy.in_transaction == 0


async def test_the_synchronous_client_works(proxy: PostgresProxy, recorder: Recorder) -> None:
    """The synchronous client works."""

    def session() -> list[tuple[int]]:
        with closing(psycopg.connect(proxy.url, autocommit=True)) as connection:
            return connection.execute("SELECT generate_series(1, 3)").fetchall()

    assert await asyncio.to_thread(session) == [(1,), (2,), (3,)]
    assert [(s.text, s.rows) for s in recorder.statements] == [("SELECT generate_series(1, 3)", 3)]


async def test_a_statement_used_often_enough_to_be_prepared_is_recorded_each_time(
    proxy: PostgresProxy, recorder: Recorder
) -> None:
    """A statement used often enough to be prepared is recorded each time."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        for number in range(9):
            await connection.execute("SELECT %s::int + 1", (number,))
    counted = recorder.counted
    assert [s.parameters for s in counted] == [(str(number),) for number in range(9)]
    assert {s.text for s in counted} == {"SELECT $1::int + 1"}
    assert {s.rows for s in counted} == {1}
    assert recorder.round_trips == 9  # that the sixth is prepared in a round trip of its own does not count


async def test_pipeline_mode_is_one_round_trip(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Pipeline mode is one round trip."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        with recorder.recording() as window:
            async with connection.pipeline():
                cursors = [await connection.execute("SELECT %s::int", (number,)) for number in range(4)]
            assert [await cursor.fetchone() for cursor in cursors] == [(0,), (1,), (2,), (3,)]
        assert [s.parameters for s in window.counted] == [("0",), ("1",), ("2",), ("3",)]
        assert window.round_trips == 1


async def test_an_error_in_the_middle_of_a_pipeline(proxy: PostgresProxy, recorder: Recorder) -> None:
    """An error in the middle of a pipeline."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):  # noqa: PT012 -- the pipeline as a whole raises
            async with connection.pipeline():
                await connection.execute("SELECT 1")
                await connection.execute("SELECT * FROM nowhere")
                await connection.execute("SELECT 2")
        assert await (await connection.execute("SELECT 3")).fetchone() == (3,)
    assert [(s.text, s.error, s.skipped) for s in recorder.counted] == [
        ("SELECT 1", None, False),
        ("SELECT * FROM nowhere", "42P01", False),
        ("SELECT 2", None, True),
        ("SELECT 3", None, False),
    ]


async def test_executemany_is_as_many_statements(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Executemany is as many statements."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        await connection.cursor().executemany("INSERT INTO book VALUES (%s, 'x')", [(n,) for n in range(100, 120)])
        await connection.rollback()
    inserts = [s for s in recorder.counted if s.text.startswith("INSERT")]
    assert [s.parameters for s in inserts] == [(str(n),) for n in range(100, 120)]
    assert sum(s.rows for s in inserts) == 20
    assert recorder.round_trips <= 4


async def test_copy_in_and_out(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Copy in and out."""
    rows = [(number, f"title {number}") for number in range(1000, 3000)]
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        async with connection.cursor() as cursor:
            async with cursor.copy("COPY book FROM STDIN") as copy:
                for row in rows:
                    await copy.write_row(row)
            async with cursor.copy("COPY (SELECT * FROM book ORDER BY id) TO STDOUT") as copy:
                copy.set_types(["int4", "text"])
                assert [row async for row in copy.rows()] == rows
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                async with cursor.copy("COPY book FROM STDIN") as copy:
                    await copy.write("not a number\tx\n")
        await connection.rollback()
        await proxy.idle()
    found = [(s.text.split()[0], s.command, s.rows, s.error) for s in recorder.counted]
    assert found == [
        ("COPY", "COPY 2000", 2000, None),
        ("COPY", "COPY 2000", 2000, None),
        ("COPY", "", 0, "22P02"),
        ("ROLLBACK", "ROLLBACK", 0, None),
    ]


async def test_a_server_side_cursor_shows_its_fetches(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A server side cursor shows its fetches."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        async with connection.cursor("c") as cursor:
            cursor.itersize = 40
            await cursor.execute("SELECT generate_series(1, 100)")
            assert len([row async for row in cursor]) == 100
        await connection.rollback()
    fetches = [s.rows for s in recorder.statements if s.text.startswith("FETCH")]
    assert fetches == [40, 40, 20]


async def test_a_cancel_request_reaches_the_server(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A cancel request reaches the server."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        running = asyncio.create_task(connection.execute("SELECT pg_sleep(20)"))
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
            found = None
            while found != (1,):
                found = await (
                    await other.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
                ).fetchone()
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await running
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert "57014" in [s.error for s in recorder.statements]


@pytest.mark.parametrize("version", ["3.0", "3.2"])
async def test_both_protocol_versions_are_spoken(proxy: PostgresProxy, version: str) -> None:
    """Both protocol versions are spoken."""
    url = f"{proxy.url}?min_protocol_version={version}&max_protocol_version={version}"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        assert connection.pgconn.protocol_version == 3
        running = asyncio.create_task(connection.execute("SELECT pg_sleep(20), 'protocol'"))
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
            found = None
            while found != (1,):
                found = await (
                    await other.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
                ).fetchone()
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await running


async def test_a_parameter_of_ten_megabytes(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A parameter of ten megabytes."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        big = "ü" * (5 << 20)
        cursor = await connection.execute("SELECT length(%s::text), md5(%s::text)", (big, "x"))
        assert await cursor.fetchone() == (5 << 20, "9dd4e461268c8034f5c8564e155c67a6")
        literal = await connection.execute(sql.SQL("SELECT length({})").format(big))
        assert await literal.fetchone() == (5 << 20,)
    first, second = recorder.statements
    assert first.parameters[0] == "ü" * 200
    assert len(second.text) == 10_000


async def test_a_backend_that_is_terminated(proxy: PostgresProxy, recorder: Recorder) -> None:
    """A backend that is terminated."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        running = asyncio.create_task(connection.execute("SELECT pg_sleep(20)"))
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as other:
            found = None
            while found != (True,):
                found = await (
                    await other.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                    )
                ).fetchone()
        with pytest.raises(psycopg.errors.AdminShutdown):
            await running
    await proxy.empty()
    assert "57P01" in [s.error for s in recorder.statements]
    assert proxy.connections == 0


async def test_types_that_psycopg_looks_up_are_probes(proxy: PostgresProxy, recorder: Recorder) -> None:
    """Types that psycopg looks up are probes."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        await connection.execute("CREATE TYPE mood AS ENUM ('glad')")
        await connection.execute("CREATE TYPE pair AS (a int, b text)")
        await connection.execute("CREATE TYPE span AS RANGE (subtype = int)")
        with recorder.recording() as window:
            await TypeInfo.fetch(connection, "hstore")
            await EnumInfo.fetch(connection, "mood")
            await CompositeInfo.fetch(connection, "pair")
            await RangeInfo.fetch(connection, "span")
            await MultirangeInfo.fetch(connection, "span_multirange")
        await connection.rollback()
    assert [s.text for s in window.counted] == []
