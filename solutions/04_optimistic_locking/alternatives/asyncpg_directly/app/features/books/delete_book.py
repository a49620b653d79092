"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter

from app.features.books.rows import refusal
from app.shared.conditions import Condition
from app.shared.database import Database

router = APIRouter()

DELETE = """
    DELETE FROM books
    WHERE id = $1 AND ($2 OR version = ANY($3::bigint[]))
    RETURNING id
"""


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(database: Database, book_id: UUID, condition: Condition) -> None:
    """Delete a book if it is still the one that was read."""
    deleted = await database.fetchval(DELETE, book_id, condition.any_version, list(condition.versions))
    if deleted is None:
        raise await refusal(database, book_id)
