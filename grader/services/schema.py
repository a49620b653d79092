"""Running a submission's schema as its own role, in bounds, so that an error names the line."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.pq import DiagnosticField, ExecStatus

from grader.services.statements import statement_starts
from grader.services.values import SchemaError

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

SCHEMA_BYTES = 1 << 20
STATEMENT_SHOWN = 2_000
END_SECONDS = 10.0
STOP_SECONDS = 2.0

REFUSED = {ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH}


async def run_schema(connection: psycopg.AsyncConnection, schema: str, *, seconds: float) -> None:
    """Run the whole text as one query, so that all of it holds or nothing; raises SchemaError.

    After an error the server may still be at it: close the connection and drop the database.
    """
    progress = _Progress(schema)
    server = connection.pgconn
    server.send_query(_encode(schema))
    # Row by row, so that a large result, which nobody wants, is never held whole.
    server.set_single_row_mode()
    try:
        async with asyncio.timeout(seconds):
            await _flush(server)
            await progress.follow(server)
    except TimeoutError:
        with suppress(SchemaError, TimeoutError):
            # What the server has to say about earlier statements may still be in its buffer.
            async with asyncio.timeout(STOP_SECONDS):
                await connection.cancel_safe(timeout=STOP_SECONDS)
                await progress.follow(server)
        message = f"the schema was stopped after {seconds:g} seconds, while this statement ran"
        raise progress.error(_Reason(message, sqlstate="57014")) from None


async def end_and_wait(connection: psycopg.AsyncConnection) -> None:
    """Close an idle connection and wait until its server process has ended, so that the database can be cloned.

    The server closes its side only when the process is gone, so that a client may wait for it ("synchronous close",
    src/backend/libpq/pqcomm.c).
    """
    if connection.closed:
        return
    file = os.dup(connection.fileno())
    try:
        await connection.close()
        async with asyncio.timeout(END_SECONDS):
            while await _received(file):
                pass
    finally:
        os.close(file)


async def _received(file: int) -> bytes:
    await _event(file, write=False)
    try:
        return os.read(file, 65_536)
    except BlockingIOError:
        return b"again"
    except OSError:
        return b""


async def _event(file: int, *, write: bool) -> None:
    """Wait until the file can be read or, with `write`, also until it can be written."""
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(file, seen.set)
    if write:
        loop.add_writer(file, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(file)
        if write:
            loop.remove_writer(file)


async def _flush(server: PGconn) -> None:
    while server.flush():
        await _event(server.socket, write=True)
        server.consume_input()


def _encode(schema: str) -> bytes:
    try:
        text = schema.encode()
    except UnicodeEncodeError as error:
        line = schema.count("\n", 0, error.start) + 1
        raise SchemaError("this is not valid text", line=line, sqlstate="22021") from None
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        message = "there is a NUL character, which PostgreSQL does not accept"
        raise SchemaError(message, line=line, sqlstate="22021")
    if len(text) > SCHEMA_BYTES:
        message = f"the schema is {len(text):,} bytes long; at most {SCHEMA_BYTES:,} are accepted"
        raise SchemaError(message)
    return text


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a schema was refused; `position` is an offset in its text."""

    message: str
    sqlstate: str | None = None
    hint: str | None = None
    position: int | None = None


def _reason(result: PGresult) -> _Reason:
    def field(name: DiagnosticField) -> str | None:
        value = result.error_field(name)
        return value.decode(errors="replace") if value is not None else None

    message = field(DiagnosticField.MESSAGE_PRIMARY) or result.get_error_message()
    if detail := field(DiagnosticField.MESSAGE_DETAIL):
        message = f"{message} ({detail})"
    position = field(DiagnosticField.STATEMENT_POSITION)
    return _Reason(
        message,
        sqlstate=field(DiagnosticField.SQLSTATE),
        hint=field(DiagnosticField.MESSAGE_HINT),
        position=int(position) - 1 if position is not None else None,
    )


class _Progress:
    """How far the server has come with a schema."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._done = 0

    async def follow(self, server: PGconn) -> None:
        """Read results until the end; raises SchemaError at the first refusal."""
        while True:
            while server.is_busy():
                await _event(server.socket, write=False)
                server.consume_input()
            result = server.get_result()
            if result is None:
                return
            if result.status == ExecStatus.FATAL_ERROR:
                raise self.error(_reason(result))
            if result.status in REFUSED:
                message = "COPY to or from the client is not possible in a schema; use INSERT"
                raise self.error(_Reason(message))
            self._done += result.status != ExecStatus.SINGLE_TUPLE

    def error(self, reason: _Reason) -> SchemaError:
        """Tell the line by the position in the text or, where there is none, by the statement that was reached."""
        schema, starts, at = self._schema, statement_starts(self._schema), reason.position
        if at is None:
            at = start = starts[self._done] if self._done < len(starts) else None
        else:
            # An error "at end of input" stands after the last character.
            at = min(at, len(schema.rstrip()) - 1)
            start = max((start for start in starts if start <= at), default=None)
        statement = None
        if start is not None:
            end = min((other for other in starts if other > start), default=len(schema))
            statement = schema[start:end].strip()[:STATEMENT_SHOWN]
        line = schema.count("\n", 0, at) + 1 if at is not None else None
        return SchemaError(reason.message, line=line, statement=statement, sqlstate=reason.sqlstate, hint=reason.hint)
