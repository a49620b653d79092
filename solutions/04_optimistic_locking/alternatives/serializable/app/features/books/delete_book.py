"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.books.rows import read_current
from app.shared.conditions import Condition
from app.shared.database import Changes

router = APIRouter()

DELETE = text("DELETE FROM books WHERE id = :id")


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(changes: Changes, book_id: UUID, condition: Condition) -> None:
    """Delete a book if it is still the one that was read."""

    async def delete(transaction: AsyncConnection) -> None:
        book = await read_current(transaction, book_id, condition)
        await transaction.execute(DELETE, {"id": book.id})

    await changes(delete)
