"""The rows of books."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.book import Book, books
from app.shared.errors import NotFoundError


class BookRepository:
    """Reads and writes books within one transaction."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._transaction = transaction

    async def lock(self, book_id: UUID) -> Book:
        """Read a book, and keep others from changing it before this transaction ends; NotFoundError if it is not."""
        statement = select(books).where(books.c.id == book_id).with_for_update()
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise NotFoundError(thing="book", key=book_id)
        return Book(*row)

    async def set_stock(self, book_id: UUID, stock: int) -> Book:
        """Write how many copies there are."""
        statement = update(books).where(books.c.id == book_id).values(stock=stock).returning(books)
        return Book(*(await self._transaction.execute(statement)).one())
