"""A book as its row holds it."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError

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


async def write_book(transaction: AsyncConnection, book: Book) -> None:
    """Write a book as it is to be from now on."""
    await transaction.execute(WRITE, asdict(book))
