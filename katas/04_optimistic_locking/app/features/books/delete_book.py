"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.features.books.rows import read_book
from app.shared.database import Transaction

router = APIRouter()

DELETE = text("DELETE FROM books WHERE id = :id")


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(transaction: Transaction, book_id: UUID) -> None:
    """Delete a book."""
    book = await read_book(transaction, book_id)
    await transaction.execute(DELETE, {"id": book.id})
