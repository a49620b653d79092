"""The customer's row."""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

ADD = text("INSERT INTO customers (name) VALUES (:name) RETURNING id, name")


async def add_customer(transaction: AsyncConnection, name: str) -> Row[Any]:
    """Write a customer, whose key the database makes."""
    return (await transaction.execute(ADD, {"name": name})).one()
