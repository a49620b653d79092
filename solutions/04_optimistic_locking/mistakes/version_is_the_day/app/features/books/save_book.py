"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.features.books.rows import Book, refusal
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Transaction

router = APIRouter()

# One statement compares and writes: Postgres locks the row, looks at its version as it is by then, and only then
# writes. RETURNING answers what this statement wrote, whatever others write next.
SAVE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, version = CAST(to_char(now(), 'YYYYMMDD') AS bigint)
    WHERE id = :id AND (:any_version OR version = ANY(CAST(:versions AS bigint[])))
    RETURNING id, title, price_cents, stock, version
""")


@router.put("/books/{book_id}")
async def save_book(
    transaction: Transaction, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""
    saved = await transaction.execute(
        SAVE,
        {
            "id": book_id,
            "title": edition.title,
            "price_cents": edition.price_cents,
            "any_version": condition.any_version,
            "versions": list(condition.versions),
        },
    )
    row = saved.one_or_none()
    if row is None:
        raise await refusal(transaction, book_id)
    return show(Book(*row), response)
