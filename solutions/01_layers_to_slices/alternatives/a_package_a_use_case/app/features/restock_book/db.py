"""The book's row."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError

LOCK = text("SELECT stock FROM books WHERE id = :id FOR UPDATE")
SET = text("UPDATE books SET stock = :stock WHERE id = :id RETURNING id, title, price_cents, stock")


async def lock_stock(transaction: AsyncConnection, book_id: UUID) -> int:
    """Read a book's stock, and keep others from changing it; NotFoundError where there is no such book."""
    stock: int | None = (await transaction.execute(LOCK, {"id": book_id})).scalar_one_or_none()
    if stock is None:
        raise NotFoundError(thing="book", key=book_id)
    return stock


async def set_stock(transaction: AsyncConnection, book_id: UUID, stock: int) -> Row[Any]:
    """Write a book's stock, and return the book."""
    return (await transaction.execute(SET, {"id": book_id, "stock": stock})).one()
