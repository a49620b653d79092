"""A book as its row holds it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.conditions import IfMatch
from app.shared.errors import NotFoundError, StaleObjectError

READ = text("SELECT id, title, price_cents, stock, version, CAST(xmin AS text) FROM books WHERE id = :id")
# xmin is the transaction that wrote the row: where it is the one that was read, nobody has written since.
WRITE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, stock = :stock, version = :version
    WHERE id = :id AND xmin = CAST(:written_by AS xid)
""")
DELETE = text("DELETE FROM books WHERE id = :id AND xmin = CAST(:written_by AS xid)")


@dataclass(frozen=True, slots=True)
class Book:
    """A title the shop sells; every change gives it a new version."""

    id: UUID
    title: str
    price_cents: int
    stock: int
    version: int
    written_by: str


async def read_book(transaction: AsyncConnection, book_id: UUID) -> Book:
    """Read a book; NotFoundError where there is none."""
    row = (await transaction.execute(READ, {"id": book_id})).one_or_none()
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return Book(*row)


async def _read_current(transaction: AsyncConnection, book_id: UUID, condition: IfMatch | None) -> Book:
    book = await read_book(transaction, book_id)
    if condition is not None and not condition.matches(book.version):
        raise StaleObjectError(thing="book", key=book_id)
    return book


async def change_book(
    transaction: AsyncConnection, book_id: UUID, change: Callable[[Book], Book], condition: IfMatch | None = None
) -> Book:
    """Change a book as it was read and return it as written; read and compare again as long as others are faster."""
    while True:
        book = await _read_current(transaction, book_id, condition)
        changed = replace(change(book), version=book.version + 1)
        if (await transaction.execute(WRITE, asdict(changed))).rowcount == 1:
            return changed


async def remove_book(transaction: AsyncConnection, book_id: UUID, condition: IfMatch) -> None:
    """Delete a book as it was read; read and compare again as long as others are faster."""
    while True:
        book = await _read_current(transaction, book_id, condition)
        if (await transaction.execute(DELETE, {"id": book.id, "written_by": book.written_by})).rowcount == 1:
            return
