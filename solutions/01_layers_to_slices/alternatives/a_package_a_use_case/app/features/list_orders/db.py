"""The rows of the customer and of her orders."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import NotFoundError

KNOW = text("SELECT id FROM customers WHERE id = :id")
READ = text("SELECT * FROM orders WHERE customer_id = :id ORDER BY placed_at DESC, id DESC")


async def read_orders(transaction: AsyncConnection, customer_id: UUID) -> Sequence[Row[Any]]:
    """Read a customer's orders, newest first; NotFoundError where there is no such customer."""
    if (await transaction.execute(KNOW, {"id": customer_id})).one_or_none() is None:
        raise NotFoundError(thing="customer", key=customer_id)
    return (await transaction.execute(READ, {"id": customer_id})).all()
