"""Save a book that was edited."""

from asyncio import Lock
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from app.features.books.rows import Book, read_book
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.errors import NotFoundError, StaleObjectError

router = APIRouter()

_one_at_a_time = Lock()

SAVE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, version = version + 1
    WHERE id = :id
    RETURNING id, title, price_cents, stock, version
""")


@router.put("/books/{book_id}")
async def save_book(
    request: Request, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""
    changes = {"id": book_id, "title": edition.title, "price_cents": edition.price_cents}
    # Taken before the transaction begins and let go after its COMMIT.
    async with _one_at_a_time, request.app.state.engine.begin() as transaction:
        book = await read_book(transaction, book_id)
        if not condition.matches(book.version):
            raise StaleObjectError(thing="book", key=book_id)
        row = (await transaction.execute(SAVE, changes)).one_or_none()
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return show(Book(*row), response)
