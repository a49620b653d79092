"""The first rows of an answer, as a reader wants to see them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.wire.postgres.messages import cstring
from grader.wire.postgres.values import readable
from grader.wire.recorder import Result

if TYPE_CHECKING:
    from grader.wire.recorder import Statement

ROWS_CAP = 20
"""Rows kept of an answer."""
COLUMNS_CAP = 50
_FIELD = struct.Struct("!IhIhih")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a RowDescription; `binary` as it says, which is text where only a statement was described."""

    name: str
    oid: int
    binary: bool


def read_columns(body: bytes) -> tuple[Column, ...]:
    """Read a RowDescription's body; what is malformed ends the list."""
    columns: list[Column] = []
    position = 2
    while position < len(body) and len(columns) < COLUMNS_CAP:
        name, position = cstring(body, position)
        if position + _FIELD.size > len(body):
            break
        _, _, oid, _, _, code = _FIELD.unpack_from(body, position)
        position += _FIELD.size
        columns.append(Column(name.decode("utf-8", "replace"), oid, code == 1))
    return tuple(columns)


def add_row(statement: Statement, columns: tuple[Column, ...], formats: tuple[int, ...], body: bytes) -> None:
    """Add a DataRow to the statement's result; `formats` are those that its Bind asked for."""
    result = statement.result or Result(tuple(column.name for column in columns))
    statement.result = result
    if len(result.rows) >= ROWS_CAP:
        return
    values = []
    position = 2
    for index, column in enumerate(columns):
        if position + 4 > len(body):
            break
        (size,) = struct.unpack_from("!i", body, position)
        position += 4
        value = None if size < 0 else body[position : position + size]
        position += max(size, 0)
        asked = formats[index] if index < len(formats) else formats[0] if formats else 0
        values.append(readable(value, binary=column.binary or asked == 1, oid=column.oid))
    result.rows.append(tuple(values))
