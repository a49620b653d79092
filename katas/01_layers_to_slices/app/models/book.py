"""A title the shop sells."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, FetchedValue, Integer, Table, Text, Uuid

from app.models import metadata

books = Table(
    "books",
    metadata,
    Column("id", Uuid, server_default=FetchedValue(), primary_key=True),
    Column("title", Text, nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("stock", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Book:
    """A row of books."""

    id: UUID
    title: str
    price_cents: int
    stock: int
