"""The tables as schema.sql makes them, and nothing that is done with them."""

from sqlalchemy import Column, DateTime, FetchedValue, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("id", Uuid, server_default=FetchedValue(), primary_key=True),
    Column("name", Text, nullable=False),
)

books = Table(
    "books",
    metadata,
    Column("id", Uuid, server_default=FetchedValue(), primary_key=True),
    Column("title", Text, nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("stock", Integer, nullable=False),
)

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
