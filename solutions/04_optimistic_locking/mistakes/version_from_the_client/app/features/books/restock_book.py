"""Put copies that have come in on the shelf."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.books.rows import Book, read_book
from app.features.books.views import BookView, Delivery, show
from app.shared.database import Changes

router = APIRouter()


@router.post("/books/{book_id}/restock")
async def restock_book(changes: Changes, book_id: UUID, delivery: Delivery, response: Response) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""

    async def restock(session: AsyncSession) -> Book:
        book = await read_book(session, book_id)
        book.stock += delivery.quantity
        return book

    return show(await changes(restock), response)
