"""What the shop does with the copies on its shelf."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.book import Book
from app.repositories.books import BookRepository
from app.shared.errors import ConflictError

MOST = 10_000


class StockService:
    """Moves copies within one transaction; a book has 0 to 10,000 of them."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._books = BookRepository(transaction)

    async def add(self, book_id: UUID, quantity: int) -> Book:
        """Put copies on the shelf; ConflictError where it does not hold so many."""
        book = await self._books.lock(book_id)
        if book.stock + quantity > MOST:
            raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
        return await self._books.set_stock(book_id, book.stock + quantity)

    async def take(self, book_id: UUID, quantity: int) -> Book:
        """Take copies from the shelf; ConflictError where there are not so many."""
        book = await self._books.lock(book_id)
        if book.stock < quantity:
            raise ConflictError(kind="not-enough-stock", detail=f"There are {book.stock} copies of this book.")
        return await self._books.set_stock(book_id, book.stock - quantity)
