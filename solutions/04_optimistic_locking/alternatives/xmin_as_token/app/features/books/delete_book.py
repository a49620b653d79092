"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter

from app.features.books.rows import remove_book
from app.shared.conditions import Condition
from app.shared.database import Transaction

router = APIRouter()


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(transaction: Transaction, book_id: UUID, condition: Condition) -> None:
    """Delete a book if it is still the one that was read."""
    await remove_book(transaction, book_id, condition)
