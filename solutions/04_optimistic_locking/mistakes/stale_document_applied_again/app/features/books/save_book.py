"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.features.books.rows import Book, read_book
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Transaction
from app.shared.errors import StaleObjectError

router = APIRouter()

SAVE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, version = version + 1
    WHERE id = :id AND version = :version
    RETURNING id, title, price_cents, stock, version
""")


@router.put("/books/{book_id}")
async def save_book(
    transaction: Transaction, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""
    book = await read_book(transaction, book_id)
    if not condition.matches(book.version):
        raise StaleObjectError(thing="book", key=book_id)
    changes = {"id": book_id, "title": edition.title, "price_cents": edition.price_cents}
    while True:
        row = (await transaction.execute(SAVE, changes | {"version": book.version})).one_or_none()
        if row is not None:
            return show(Book(*row), response)
        book = await read_book(transaction, book_id)  # somebody was faster: take the version it has now
