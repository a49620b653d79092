"""The rows of books."""

from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError
from app.shared.tables import books


async def lock_book(transaction: AsyncConnection, book_id: UUID) -> Row[tuple[object, ...]]:
    """Read a book, and keep others from changing it before this transaction ends; NotFoundError if it is not there."""
    locked = select(books).where(books.c.id == book_id).with_for_update()
    book = (await transaction.execute(locked)).one_or_none()
    if book is None:
        raise NotFoundError(thing="book", key=book_id)
    return book


async def set_stock(transaction: AsyncConnection, book_id: UUID, stock: int) -> Row[tuple[object, ...]]:
    """Write how many copies there are."""
    written = update(books).where(books.c.id == book_id).values(stock=stock).returning(books)
    return (await transaction.execute(written)).one()
