"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.shared.database import Transaction
from app.shared.errors import NotFoundError

router = APIRouter()

DELETE = text("DELETE FROM books WHERE id = :id")


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(transaction: Transaction, book_id: UUID) -> None:
    """Delete a book."""
    deleted = await transaction.execute(DELETE, {"id": book_id})
    if deleted.rowcount == 0:
        raise NotFoundError(thing="book", key=book_id)
