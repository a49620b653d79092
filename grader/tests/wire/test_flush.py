"""A step whose answer a Flush asks for is over when it has been answered, not at a later Sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import psycopg
import pytest

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Statement


async def passes(statement: Statement) -> None:
    """Let every step and every reply go."""


async def test_a_statement_that_cannot_be_prepared_passes_the_reply_gate(proxy: PostgresProxy) -> None:
    """The error of a statement that asyncpg cannot prepare passes the reply gate; its Sync follows it."""
    over: list[str | None] = []
    connection = await asyncpg.connect(proxy.url)
    proxy.gate = proxy.reply_gate = passes
    proxy.done = lambda statement: over.append(statement.error)
    with pytest.raises(asyncpg.UndefinedColumnError):
        await connection.fetch("SELECT nothing")
    assert over == ["42703"]
    assert await connection.fetchval("SELECT 1") == 1
    assert over == ["42703", None]
    await connection.close()


async def test_what_a_pipeline_fetches_passes_the_reply_gate(proxy: PostgresProxy) -> None:
    """What is fetched in the middle of a pipeline passes the reply gate before the pipeline's Sync."""
    over: list[str] = []
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        proxy.gate = proxy.reply_gate = passes
        proxy.done = lambda statement: over.append(statement.text)
        async with connection.pipeline():
            cursor = await connection.execute("SELECT 1")
            assert await cursor.fetchone() == (1,)
            assert over == ["SELECT 1"]
            cursor = await connection.execute("SELECT 2")
            assert await cursor.fetchone() == (2,)
