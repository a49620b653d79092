"""A book as its row holds it."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.conditions import IfMatch
from app.shared.errors import NotFoundError, StaleObjectError

READ = text("SELECT id, title, price_cents, stock, version FROM books WHERE id = :id")
WRITE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, stock = :stock, version = :version
    WHERE id = :id
""")


@dataclass(frozen=True, slots=True)
class Book:
    """A title the shop sells; every change gives it a new version."""

    id: UUID
    title: str
    price_cents: int
    stock: int
    version: int


async def read_book(transaction: AsyncConnection, book_id: UUID) -> Book:
    """Read a book; NotFoundError where there is none."""
    row = (await transaction.execute(READ, {"id": book_id})).one_or_none()
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return Book(*row)


async def read_current(transaction: AsyncConnection, book_id: UUID, condition: IfMatch) -> Book:
    """Read a book that a client would change; StaleObjectError where it read another version."""
    book = await read_book(transaction, book_id)
    if not condition.matches(book.version):
        raise StaleObjectError(thing="book", key=book_id)
    return book


async def write_book(transaction: AsyncConnection, book: Book) -> None:
    """Write a book; Postgres refuses with 40001 where no order of the transactions explains what each has seen."""
    await transaction.execute(WRITE, asdict(book))
