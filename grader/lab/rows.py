"""The submission's tables, written and read beside the service."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import sql

from grader.lab import libpq
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.services import Database

_TABLES = """
    SELECT c.oid::int8, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY c.oid
"""
_INSERT = sql.SQL(
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its first rows, in a fixed order; `more` says whether there are others."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class Rows:
    """A connection of the grader's own to the submission's database, as the submission's role.

    Every call is a transaction of its own unless it stands inside `transaction()`. A refusal by the database is a
    Finding: the brief promises which tables and columns the grader can use.
    """

    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._tables: list[tuple[Any, ...]] = []

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Connect, and remember which tables there are."""
        connection = await psycopg.AsyncConnection.connect(
            host=database.host,
            port=database.port,
            dbname=database.name,
            user=database.user,
            password=database.password,
            autocommit=True,
            application_name="grader",
            options="-c lock_timeout=2s -c statement_timeout=20s",
        )
        rows = cls(connection)
        try:
            rows._tables = await rows._find_tables()
        except BaseException:
            await connection.close()
            raise
        return rows

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    async def fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query with `%s` for each parameter."""
        try:
            cursor = await self._connection.execute(query, parameters)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise _refused("read its rows", error) from error

    async def insert(self, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Write rows, table by table in the order given, in one transaction; all rows of a table have equal keys.

        They travel as one JSON document a table, which the server takes apart.
        """
        try:
            async with self._connection.transaction():
                for table, rows in tables.items():
                    if rows:
                        columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
                        await self._connection.execute(
                            _INSERT.format(table=sql.Identifier(table), columns=columns),
                            [json.dumps(rows, default=str)],
                        )
        except psycopg.Error as error:
            raise _refused("write its rows", error) from error

    async def empty(self) -> bool:
        """Empty every table; False where that cannot be done, or where tables are not those of the start."""
        try:
            tables = await self._find_tables()
            if tables != self._tables:
                return False
            if tables:
                names = ", ".join(name for _, name in tables)
                truncate = f"TRUNCATE {names} RESTART IDENTITY CASCADE"
                await self._connection.execute(truncate)
        except (psycopg.Error, asyncio.IncompleteReadError):
            return False
        return True

    def renewal(self, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> bytes:
        """Return what `renew` sends to empty every table and to write these rows, in one round trip."""
        parts: list[sql.Composable] = [sql.SQL("BEGIN")]
        # a table is mostly made after those it refers to; where it is not, renew() truncates
        parts += [sql.SQL(f"DELETE FROM {name}") for _, name in reversed(self._tables)]  # noqa: S608 -- quoted by Postgres
        for table, rows in tables.items():
            if rows:
                columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
                insert = _INSERT.as_string().replace("%s", "{rows}")
                parts.append(
                    sql.SQL(insert).format(
                        table=sql.Identifier(table), columns=columns, rows=sql.Literal(json.dumps(rows, default=str))
                    )
                )
        return sql.SQL("; ").join([*parts, sql.SQL("COMMIT")]).as_bytes(self._connection)

    async def renew(self, renewal: bytes, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Put the rows of a renewal back; a Finding where the database refuses them."""
        try:
            await libpq.send(self._connection, renewal)
        except libpq.QueryError:
            await self._connection.execute("ROLLBACK")
            await self.empty()
            await self.insert(tables)

    async def tables(self, most: int) -> list[Table] | None:
        """Return all tables with their first rows, as they are committed; None where one cannot be read now."""
        found = []
        try:
            for _, name in self._tables:
                cursor = await self._connection.execute(f"SELECT * FROM {name} LIMIT {most + 1:d}")  # noqa: S608 -- quoted by Postgres
                columns = tuple(column.name for column in cursor.description or ())
                rows = tuple(sorted(await cursor.fetchall(), key=str))
                found.append(Table(name.removeprefix("public."), columns, rows[:most], more=len(rows) > most))
        except psycopg.Error:
            return None
        return found

    async def _find_tables(self) -> list[tuple[Any, ...]]:
        cursor = await self._connection.execute(_TABLES)
        return await cursor.fetchall()


def _refused(what: str, error: psycopg.Error) -> Finding:
    return Finding(
        f"the grader tried to {what} beside the service",
        f"the database refused: {error.diag.message_primary or error}",
        "the tables and columns of the brief keep their names, and new columns have a DEFAULT or allow NULL",
    )
