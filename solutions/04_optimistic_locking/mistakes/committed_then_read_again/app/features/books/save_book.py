"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.features.books.rows import read_book, refusal
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Transaction

router = APIRouter()

SAVE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents, version = version + 1
    WHERE id = :id AND (:any_version OR version = ANY(CAST(:versions AS bigint[])))
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
    if saved.rowcount == 0:
        raise await refusal(transaction, book_id)
    await transaction.commit()
    return show(await read_book(transaction, book_id), response)
