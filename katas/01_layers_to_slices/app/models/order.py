"""Copies of one book that a customer has ordered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, FetchedValue, Integer, Table, Uuid

from app.models import metadata

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, server_default=FetchedValue(), primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("book_id", Uuid, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Order:
    """A row of orders; the price is that of one copy on the day of the order."""

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None
