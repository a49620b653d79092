"""SQLAlchemy's first connection is told from the submission's statements, on both drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Recorder


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_the_first_connection_counts_like_every_other(
    proxy: PostgresProxy, recorder: Recorder, driver: str
) -> None:
    """The first connection counts like every other."""
    engine = create_async_engine(proxy.url.replace("postgresql", f"postgresql+{driver}"), pool_pre_ping=True)
    windows = []
    for number in range(3):
        with recorder.recording() as window:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT title FROM book WHERE id = :id"), {"id": number})
        await proxy.idle()
        windows.append(window)
    await engine.dispose()
    assert [[s.text.rstrip(";") for s in window.counted] for window in windows] == [
        ["SELECT title FROM book WHERE id = $1"]
    ] * 3
    assert windows[0].setup_round_trips >= 5
    assert [window.setup_round_trips for window in windows[1:]] == [0, 0]
    later = windows[2].round_trips
    assert windows[0].round_trips <= later + 1  # a new connection is not pinged
    assert later <= windows[1].round_trips <= later + 1  # asyncpg prepares the pre-ping at its first use


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_many_rows_are_inserted_in_few_statements(proxy: PostgresProxy, recorder: Recorder, driver: str) -> None:
    """Many rows are inserted in few statements."""
    engine = create_async_engine(proxy.url.replace("postgresql", f"postgresql+{driver}"))
    async with engine.connect() as connection:
        await connection.execute(
            text("INSERT INTO book VALUES (:id, :title)"), [{"id": n, "title": "x"} for n in range(50)]
        )
        await connection.rollback()
    await engine.dispose()
    inserts = [s for s in recorder.counted if s.text.startswith("INSERT")]
    assert sum(s.rows for s in inserts) == 50
    assert [s.text.rstrip(";") for s in recorder.counted if not s.text.startswith("INSERT")] == ["ROLLBACK"]
