"""Statements with names for their values, and rows that must be there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError

CHECK_VIOLATION = "23514"


async def fetch(transaction: AsyncConnection, statement: str, values: Mapping[str, object]) -> Row[Any] | None:
    """Run a statement and return its row, None where there is none."""
    return (await transaction.execute(text(statement), values)).one_or_none()


async def require(transaction: AsyncConnection, table: str, key: UUID) -> None:
    """Raise NotFoundError unless a table whose name is a plural in -s has this key."""
    if await fetch(transaction, f"SELECT FROM {table} WHERE id = :key", {"key": key}) is None:
        raise NotFoundError(thing=table.removesuffix("s"), key=key)


def violates(error: IntegrityError, constraint: str) -> bool:
    """Whether a statement was refused by this check constraint."""
    diagnosis = getattr(error.orig, "diag", None)
    return diagnosis is not None and (diagnosis.sqlstate, diagnosis.constraint_name) == (CHECK_VIOLATION, constraint)
