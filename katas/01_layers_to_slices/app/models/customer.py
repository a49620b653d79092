"""Somebody who buys at the shop."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, FetchedValue, Table, Text, Uuid

from app.models import metadata

customers = Table(
    "customers",
    metadata,
    Column("id", Uuid, server_default=FetchedValue(), primary_key=True),
    Column("name", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Customer:
    """A row of customers."""

    id: UUID
    name: str
