"""A connection of the grader's own beside the proxies, which asks the server who waits for whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg

from grader.lab import libpq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.services import Address

# What PostgreSQL's own isolationtester asks (src/test/isolation/isolationtester.c); it looks at no other sessions.
_QUICK = b"SELECT pg_catalog.pg_isolation_test_session_is_blocked($1, $2::int4[])"
_DOCUMENTED = b"SELECT pg_catalog.pg_blocking_pids($1) && $2::int4[]"
_HOLDING = b"""
    SELECT count(*) > 0 FROM pg_catalog.pg_locks
    WHERE pid = ANY($1::int4[]) AND locktype <> 'virtualxid' AND mode <> 'AccessShareLock'
"""
_ALIVE = b"SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = ANY($1::int4[])"


class Monitor:
    """Looks at the sessions of one server as its superuser."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

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
        )
        try:
            cursor = await connection.execute(
                "SELECT to_regprocedure('pg_catalog.pg_isolation_test_session_is_blocked(integer, integer[])') IS NULL"
            )
            knows_it = await cursor.fetchone() == (False,)
            await libpq.prepare(connection, b"waits", _QUICK if quick and knows_it else _DOCUMENTED)
            await libpq.prepare(connection, b"alive", _ALIVE)
            await libpq.prepare(connection, b"holding", _HOLDING)
        except BaseException:
            await connection.close()
            raise
        return cls(connection)

    async def waits(self, process: int, others: Iterable[int]) -> bool:
        """Whether the session of `process` waits for a lock that one of the others holds or waits for before it."""
        async with self._turn:
            return await libpq.ask(self._connection, b"waits", [b"%d" % process, _array(others)]) == b"t"

    async def holding(self, processes: Iterable[int]) -> bool:
        """Whether one of these sessions holds more than what a transaction that only reads does."""
        async with self._turn:
            return await libpq.ask(self._connection, b"holding", [_array(processes)]) == b"t"

    async def ended(self, processes: Iterable[int]) -> None:
        """Return when none of these server processes is left; the server is asked again and again."""
        wanted = _array(processes)
        async with self._turn:
            while await libpq.ask(self._connection, b"alive", [wanted]) != b"0":
                pass

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()


def _array(numbers: Iterable[int]) -> bytes:
    return b"{%s}" % b",".join(b"%d" % number for number in numbers)
