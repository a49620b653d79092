"""Queries over libpq itself, on a connection that psycopg opened: a cursor costs more than these queries take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from psycopg.pq import ExecStatus

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg.pq.abc import PGconn, PGresult


class QueryError(Exception):
    """The server refused a query; the message is its own."""


async def send(connection: AsyncConnection, query: bytes) -> None:
    """Run statements, all in one round trip, and forget what they return; raises QueryError for the first refused."""
    connection.pgconn.send_query(query)
    await _results(connection.pgconn)


async def ask(connection: AsyncConnection, name: bytes, values: list[bytes]) -> bytes | None:
    """Run the statement prepared under `name`, and return the first value of its first row; raises QueryError."""
    connection.pgconn.send_query_prepared(name, values)
    results = await _results(connection.pgconn)
    return results[0].get_value(0, 0) if results and results[0].ntuples else None


async def prepare(connection: AsyncConnection, name: bytes, query: bytes) -> None:
    """Prepare a statement; raises QueryError."""
    connection.pgconn.send_prepare(name, query)
    await _results(connection.pgconn)


async def _results(pgconn: PGconn) -> list[PGresult]:
    results = []
    while True:
        while pgconn.is_busy() or pgconn.flush():
            await _readable(pgconn.socket)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            break
        results.append(result)
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise QueryError(result.get_error_message())
    return results


async def _readable(socket: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(socket, ready.set_result, None)
    try:
        await ready
    finally:
        loop.remove_reader(socket)
