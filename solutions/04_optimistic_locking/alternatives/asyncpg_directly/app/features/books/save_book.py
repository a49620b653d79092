"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import Book, refusal
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Database

router = APIRouter()

SAVE = """
    UPDATE books
    SET title = $2, price_cents = $3, version = version + 1
    WHERE id = $1 AND ($4 OR version = ANY($5::bigint[]))
    RETURNING id, title, price_cents, stock, version
"""


@router.put("/books/{book_id}")
async def save_book(
    database: Database, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""
    row = await database.fetchrow(
        SAVE, book_id, edition.title, edition.price_cents, condition.any_version, list(condition.versions)
    )
    if row is None:
        raise await refusal(database, book_id)
    return show(Book(**row), response)
