"""A connection of the grader's own beside the proxies, which asks the server who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.services import Address

# What PostgreSQL's own isolationtester asks (src/test/isolation/isolationtester.c); it looks at no other sessions.
_QUICK = "SELECT pg_catalog.pg_isolation_test_session_is_blocked(%s, %s::int4[])"
_DOCUMENTED = "SELECT pg_catalog.pg_blocking_pids(%s) && %s::int4[]"
_HOLDING = """
    SELECT count(*) > 0 FROM pg_catalog.pg_locks
    WHERE pid = ANY(%s::int4[]) AND locktype <> 'virtualxid' AND mode <> 'AccessShareLock'
"""
_ALIVE = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = ANY(%s::int4[])"


class Monitor:
    """Looks at the sessions of one server as its superuser."""

    def __init__(self, connection: psycopg.AsyncConnection, question: str) -> None:
        self._connection = connection
        self._question = question

    @classmethod
    async def open(cls, address: Address, *, quick: bool = True) -> Monitor:
        """Connect; `quick` asks as isolationtester does where the server can answer that, in a third of the time."""
        connection = await psycopg.AsyncConnection.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname="postgres",
            autocommit=True,
            application_name="grader: monitor",
            prepare_threshold=0,
        )
        try:
            cursor = await connection.execute(
                "SELECT to_regprocedure('pg_catalog.pg_isolation_test_session_is_blocked(integer, integer[])') IS NULL"
            )
            row = await cursor.fetchone()
        except BaseException:
            await connection.close()
            raise
        return cls(connection, _QUICK if quick and row == (False,) else _DOCUMENTED)

    async def waits(self, process: int, others: Iterable[int]) -> bool:
        """Whether the session of `process` waits for a lock that one of the others holds or waits for before it."""
        cursor = await self._connection.execute(self._question, [process, list(others)])
        row = await cursor.fetchone()
        return row == (True,)

    async def holding(self, processes: Iterable[int]) -> bool:
        """Whether one of these sessions holds more than what a transaction that only reads does."""
        cursor = await self._connection.execute(_HOLDING, [list(processes)])
        row = await cursor.fetchone()
        return row == (True,)

    async def ended(self, processes: Iterable[int]) -> None:
        """Return when none of these server processes is left; the server is asked again and again."""
        wanted = list(processes)
        while wanted:
            cursor = await self._connection.execute(_ALIVE, [wanted])
            if await cursor.fetchone() == (0,):
                return

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()
