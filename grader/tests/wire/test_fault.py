"""A step of Postgres can be made to fail: the client sees the error, and the server's transaction fails with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it ships none
import psycopg
import pytest
from psycopg.pq import TransactionStatus

from grader.tests.wire import script
from grader.wire.postgres.fault import Failing, raising
from grader.wire.postgres.frames import Framer
from grader.wire.proxy import Fail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from grader.wire import PostgresProxy, Statement

INSERT = "INSERT INTO book (id, title) VALUES (501, 'new')"
FAULT = Fail("40001", "it's $$ ünlikely\\")


class Faults:
    """A gate that has the steps fail whose text holds a word."""

    def __init__(self) -> None:
        self.word: str | None = None
        self.seen: list[Statement] = []

    async def __call__(self, statement: Statement) -> None:
        """Raise where the word says so."""
        self.seen.append(statement)
        if self.word is not None and self.word in statement.text:
            raise FAULT


@pytest.fixture
async def faults(proxy: PostgresProxy) -> AsyncIterator[Faults]:
    """The gate of the proxy; no new book is left behind."""
    gate = Faults()
    proxy.gate = gate
    yield gate
    proxy.gate = None
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        await connection.execute("DELETE FROM book WHERE id = 501")


async def books(proxy: PostgresProxy) -> int:
    """Return how many new books there are."""
    proxy.gate = None
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        cursor = await connection.execute("SELECT FROM book WHERE id = 501")
        return cursor.rowcount


async def test_a_statement_fails_in_its_transaction(proxy: PostgresProxy, faults: Faults) -> None:
    """A statement fails with code and message as ordered, and its transaction with it, on both sides."""
    over: list[Statement] = []
    proxy.done = over.append
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        await connection.execute(INSERT)
        faults.word = "SELECT"
        with pytest.raises(psycopg.errors.SerializationFailure) as raised:
            await connection.execute("SELECT title FROM book WHERE id = %s", (501,))
        assert raised.value.diag.message_primary == FAULT.message
        assert connection.info.transaction_status == TransactionStatus.INERROR
        assert (faults.seen[1].error, faults.seen[1].done, over) == ("40001", True, faults.seen)
        faults.word = None
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("SELECT 1")
        await connection.rollback()
        await connection.execute("SELECT 1")
        await connection.commit()
    assert await books(proxy) == 0


async def test_a_statement_fails_by_itself(proxy: PostgresProxy, faults: Faults) -> None:
    """Outside a transaction a statement fails alone, and has not been run."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        faults.word = "INSERT"
        with pytest.raises(psycopg.errors.SerializationFailure):
            await connection.execute(INSERT)
        assert connection.info.transaction_status == TransactionStatus.IDLE
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert await books(proxy) == 0


async def test_commit_fails(proxy: PostgresProxy, faults: Faults) -> None:
    """A COMMIT that fails ends the transaction, as a serialization failure does, and nothing is committed."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        await connection.execute(INSERT)
        faults.word = "COMMIT"
        with pytest.raises(psycopg.errors.SerializationFailure):
            await connection.commit()
        assert connection.info.transaction_status == TransactionStatus.IDLE
        assert proxy.in_transaction == 0
        faults.word = None
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        await connection.commit()
    assert [statement.error for statement in faults.seen if statement.text == "COMMIT"] == ["40001", None]
    assert await books(proxy) == 0


@pytest.mark.parametrize("failing", range(8))
async def test_prepared_statements_stay_what_the_client_believes(
    proxy: PostgresProxy, faults: Faults, failing: int
) -> None:
    """Whichever execution of a statement fails, those after it are prepared or not as the driver believes."""
    async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as connection:
        for number in range(12):
            faults.word = "SELECT" if number == failing else None
            running = connection.execute("SELECT %s::int", (number,))
            if number == failing:
                with pytest.raises(psycopg.errors.SerializationFailure):
                    await running
            else:
                assert await (await running).fetchone() == (number,)


async def test_the_synchronous_driver_sees_the_same(proxy: PostgresProxy, faults: Faults) -> None:
    """A connection of the synchronous psycopg fails in the same way, in a pipeline too."""

    def use() -> TransactionStatus:
        with psycopg.connect(proxy.url) as connection:
            faults.word = "INSERT"
            with pytest.raises(psycopg.errors.SerializationFailure):
                connection.execute(INSERT)
            connection.rollback()
            with connection.pipeline() as pipeline:
                connection.execute(INSERT)
                connection.execute("SELECT 2")
                with pytest.raises(psycopg.errors.SerializationFailure):
                    pipeline.sync()
            status = connection.info.transaction_status
            connection.rollback()
            return status

    assert await asyncio.to_thread(use) == TransactionStatus.INERROR
    assert await books(proxy) == 0


async def test_a_pipeline_fails(proxy: PostgresProxy, faults: Faults) -> None:
    """A pipeline fails as a whole, and leaves its transaction failed."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        faults.word = "INSERT"
        async with connection.pipeline() as pipeline:
            await connection.execute(INSERT)
            await connection.execute("SELECT 2")
            with pytest.raises(psycopg.errors.SerializationFailure):
                await pipeline.sync()
        assert connection.info.transaction_status == TransactionStatus.INERROR
        assert proxy.in_transaction == 1
        await connection.rollback()
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert await books(proxy) == 0


async def test_a_pipeline_that_fetches_fails(proxy: PostgresProxy, faults: Faults) -> None:
    """Where a pipeline asks for results between its statements, what it sends before its Sync is skipped."""
    async with await psycopg.AsyncConnection.connect(proxy.url) as connection:
        faults.word = "INSERT"
        async with connection.pipeline() as pipeline:
            cursor = await connection.execute(f"{INSERT} RETURNING id")
            with pytest.raises(psycopg.errors.SerializationFailure):
                await cursor.fetchone()
            faults.word = None
            await connection.execute("INSERT INTO book (id, title) VALUES (501, 'skipped')")
            with pytest.raises(psycopg.errors.PipelineAborted):
                await pipeline.sync()
            assert connection.info.transaction_status == TransactionStatus.INERROR
            await connection.rollback()
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert await books(proxy) == 0


async def test_steps_of_asyncpg_fail(proxy: PostgresProxy, faults: Faults) -> None:
    """A statement of asyncpg fails whether it is new or known, and so does its COMMIT; the connection goes on."""
    async with asyncpg.create_pool(proxy.url, min_size=1, max_size=1) as pool:
        for _ in range(3):
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                faults.word = "INSERT"
                with pytest.raises(asyncpg.SerializationError, match="ünlikely"):
                    await connection.execute(INSERT.replace("501", "$1"), 501)
                faults.word = None
                with pytest.raises(asyncpg.InFailedSQLTransactionError):
                    await connection.fetchval("SELECT $1::int", 1)
                await transaction.rollback()
                assert await connection.fetchval("SELECT $1::int", 1) == 1
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(INSERT.replace("501", "$1"), 501)
            faults.word = "COMMIT"
            with pytest.raises(asyncpg.SerializationError):
                await transaction.commit()
            faults.word = None
        async with pool.acquire() as connection:
            faults.word = "INSERT"
            with pytest.raises(asyncpg.SerializationError):
                await connection.execute(INSERT.replace("501", "$1"), 501)
            faults.word = None
            assert await connection.fetchval("SELECT $1::int", 2) == 2
    assert await books(proxy) == 0


async def test_the_answer_that_a_fault_gets_goes_through_the_reply_gate(proxy: PostgresProxy, faults: Faults) -> None:
    """The reply gate is asked for a step that was made to fail too; there it is too late for another fault."""
    connection = await asyncpg.connect(proxy.url)
    proxy.reply_gate = replies = Faults()
    faults.word = "SELECT 1"
    with pytest.raises(asyncpg.SerializationError):
        await connection.fetch("SELECT 1")
    assert [statement.error for statement in replies.seen] == ["40001"]
    replies.word = "SELECT 2"
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetch("SELECT 2")
    proxy.reply_gate = None
    await proxy.empty()


def cuts(answer: bytes) -> Iterator[list[bytes]]:
    """Yield an answer whole, byte by byte, and in each two pieces."""
    yield [answer]
    yield [bytes([byte]) for byte in answer]
    for at in range(1, len(answer)):
        yield [answer[:at], answer[at:]]


@pytest.mark.parametrize("ends_transaction", [False, True])
@pytest.mark.parametrize("flushed", [False, True])
def test_what_is_held_back_is_found_wherever_the_answer_is_cut(*, ends_transaction: bool, flushed: bool) -> None:
    """What the client must not see is cut out of the answer wherever that was cut; all else passes."""
    error, later = script.error("40001", "no"), script.PARSED + script.complete("SELECT 1") + script.ready()
    answer = (script.complete("ROLLBACK") if ends_transaction else b"") + error + script.ready("E") + later
    for pieces in cuts(answer):
        failing, framer = Failing(), Framer(from_client=False)
        failing.begin(ends_transaction=ends_transaction, flushed=flushed)
        passed, kinds = b"", ""
        for piece in pieces:
            data, frames = failing.cut(piece, framer.feed(piece))
            passed += data
            kinds += "".join(frame.kind for frame in frames)
        assert passed == error + (b"" if flushed else script.ready("E")) + later
        assert kinds == "EZ1CZ"


def test_a_message_needs_no_encoding_and_no_quotes() -> None:
    """The Query that raises an error is plain ASCII without quotes in its message."""
    query = raising("40001", "it's $$ ünlikely\\", ends_transaction=True)
    assert query.isascii()
    assert query.count(b"'") == 4
    assert query.count(b"$$") == 2
