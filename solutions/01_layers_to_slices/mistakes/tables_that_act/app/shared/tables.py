"""The tables as schema.sql makes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue, Row, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MOST = 10_000


class Base(DeclarativeBase):
    """What all tables are made of."""


class Customer(Base):
    """Somebody who buys at the shop."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(server_default=FetchedValue(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Book(Base):
    """A title the shop sells."""

    __tablename__ = "books"

    id: Mapped[UUID] = mapped_column(server_default=FetchedValue(), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    price_cents: Mapped[int]
    stock: Mapped[int]

    @staticmethod
    def has_room_for(row: Row[Any], quantity: int) -> bool:
        """Whether the shelf holds so many copies more."""
        return int(row.stock) + quantity <= MOST


class Order(Base):
    """Copies of one book that a customer has ordered."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(server_default=FetchedValue(), primary_key=True)
    customer_id: Mapped[UUID]
    book_id: Mapped[UUID]
    quantity: Mapped[int]
    price_cents: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
