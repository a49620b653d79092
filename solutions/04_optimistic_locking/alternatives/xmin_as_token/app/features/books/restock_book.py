"""Put copies that have come in on the shelf."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import Book, change_book
from app.features.books.views import BookView, Delivery, show
from app.shared.database import Transaction

router = APIRouter()


@router.post("/books/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery, response: Response) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""

    def add(book: Book) -> Book:
        return replace(book, stock=book.stock + delivery.quantity)

    return show(await change_book(transaction, book_id, add), response)
