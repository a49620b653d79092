"""A book as its row holds it."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.shared.errors import NotFoundError, StaleObjectError

READ = "SELECT id, title, price_cents, stock, version FROM books WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Book:
    """A title the shop sells; every change gives it a new version."""

    id: UUID
    title: str
    price_cents: int
    stock: int
    version: int


async def read_book(database: asyncpg.Pool, book_id: UUID) -> Book:
    """Read a book; NotFoundError where there is none."""
    row = await database.fetchrow(READ, book_id)
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return Book(**row)


async def refusal(database: asyncpg.Pool, book_id: UUID) -> StaleObjectError:
    """Return why a change found no row: the book has another version, or (NotFoundError) is not there."""
    book = await read_book(database, book_id)
    return StaleObjectError(thing="book", key=book.id)
