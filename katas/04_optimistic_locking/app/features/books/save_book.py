"""Save a book that was edited."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import read_book, write_book
from app.features.books.views import BookView, Edition, show
from app.shared.database import Transaction

router = APIRouter()


@router.put("/books/{book_id}")
async def save_book(transaction: Transaction, book_id: UUID, edition: Edition, response: Response) -> BookView:
    """Give a book another title and price, and answer it as it is now."""
    book = await read_book(transaction, book_id)
    saved = replace(book, title=edition.title, price_cents=edition.price_cents, version=book.version + 1)
    await write_book(transaction, saved)
    return show(saved, response)
