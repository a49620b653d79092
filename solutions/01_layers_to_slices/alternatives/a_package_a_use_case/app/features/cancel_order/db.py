"""The rows of the order and of its book."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError

LOCK = text("SELECT * FROM orders WHERE id = :id FOR UPDATE")
LOCK_STOCK = text("SELECT stock FROM books WHERE id = :id FOR UPDATE")
SET_STOCK = text("UPDATE books SET stock = :stock WHERE id = :id")
CANCEL = text("UPDATE orders SET cancelled_at = now() WHERE id = :id RETURNING *")


async def lock_order(transaction: AsyncConnection, order_id: UUID) -> Row[Any]:
    """Read an order, and keep others from cancelling it; NotFoundError where there is none."""
    order = (await transaction.execute(LOCK, {"id": order_id})).one_or_none()
    if order is None:
        raise NotFoundError(thing="order", key=order_id)
    return order


async def lock_stock(transaction: AsyncConnection, book_id: UUID) -> int:
    """Read a book's stock, and keep others from changing it."""
    stock: int = (await transaction.execute(LOCK_STOCK, {"id": book_id})).scalar_one()
    return stock


async def set_stock(transaction: AsyncConnection, book_id: UUID, stock: int) -> None:
    """Write a book's stock."""
    await transaction.execute(SET_STOCK, {"id": book_id, "stock": stock})


async def mark_cancelled(transaction: AsyncConnection, order_id: UUID) -> Row[Any]:
    """Write that the order is cancelled now, and return it."""
    return (await transaction.execute(CANCEL, {"id": order_id})).one()
