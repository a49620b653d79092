"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.features.books.rows import refusal
from app.shared.conditions import Condition
from app.shared.database import Transaction

router = APIRouter()

DELETE = text("""
    DELETE FROM books
    WHERE id = :id AND (:any_version OR version = ANY(CAST(:versions AS bigint[])))
""")


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(transaction: Transaction, book_id: UUID, condition: Condition) -> None:
    """Delete a book if it is still the one that was read."""
    deleted = await transaction.execute(
        DELETE, {"id": book_id, "any_version": condition.any_version, "versions": list(condition.versions)}
    )
    # Zero rows is an answer, not an error: Postgres and SQLAlchemy pass it on in silence.
    if deleted.rowcount == 0:
        raise await refusal(transaction, book_id)
