"""Save a book that was edited."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import Book, change_book
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Transaction

router = APIRouter()


@router.put("/books/{book_id}")
async def save_book(
    transaction: Transaction, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""

    def edit(book: Book) -> Book:
        return replace(book, title=edition.title, price_cents=edition.price_cents)

    return show(await change_book(transaction, book_id, edit, condition), response)
