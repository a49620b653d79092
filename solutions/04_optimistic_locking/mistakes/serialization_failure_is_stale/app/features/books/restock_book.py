"""Put copies that have come in on the shelf."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.books.rows import Book, read_book, write_book
from app.features.books.views import BookView, Delivery, show
from app.shared.database import Changes

router = APIRouter()


@router.post("/books/{book_id}/restock")
async def restock_book(changes: Changes, book_id: UUID, delivery: Delivery, response: Response) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""

    async def restock(transaction: AsyncConnection) -> Book:
        book = await read_book(transaction, book_id)
        restocked = replace(book, stock=book.stock + delivery.quantity, version=book.version + 1)
        await write_book(transaction, restocked)
        return restocked

    return show(await changes(restock), response)
