"""The rows of the customer, the book and the order."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.place_order.schema import NewOrder
from app.shared.errors import NotFoundError

KNOW = text("SELECT id FROM customers WHERE id = :id")
LOCK = text("SELECT stock, price_cents FROM books WHERE id = :id FOR UPDATE")
SET = text("UPDATE books SET stock = :stock WHERE id = :id")
ADD = text("""
    INSERT INTO orders (customer_id, book_id, quantity, price_cents)
    VALUES (:customer_id, :book_id, :quantity, :price_cents)
    RETURNING *
""")


async def require_customer(transaction: AsyncConnection, customer_id: UUID) -> None:
    """Raise NotFoundError where there is no such customer."""
    if (await transaction.execute(KNOW, {"id": customer_id})).one_or_none() is None:
        raise NotFoundError(thing="customer", key=customer_id)


async def lock_book(transaction: AsyncConnection, book_id: UUID) -> Row[Any]:
    """Read a book's stock and price, and keep others from changing them; NotFoundError where there is no such book."""
    book = (await transaction.execute(LOCK, {"id": book_id})).one_or_none()
    if book is None:
        raise NotFoundError(thing="book", key=book_id)
    return book


async def set_stock(transaction: AsyncConnection, book_id: UUID, stock: int) -> None:
    """Write a book's stock."""
    await transaction.execute(SET, {"id": book_id, "stock": stock})


async def add_order(transaction: AsyncConnection, new: NewOrder, price_cents: int) -> Row[Any]:
    """Write the order at today's price."""
    return (await transaction.execute(ADD, new.model_dump() | {"price_cents": price_cents})).one()
