"""What the order history answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A part of an answer, filled from rows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class CustomerView(View):
    """Who placed the order."""

    id: UUID
    name: str


class AuthorView(View):
    """Who wrote the book."""

    id: UUID
    name: str


class BookView(View):
    """A book, its authors as on its cover."""

    id: UUID
    title: str
    authors: list[AuthorView]


class LineView(View):
    """One line of an order."""

    position: int
    quantity: int
    price_cents: int
    book: BookView


class PaymentView(View):
    """One payment for an order."""

    id: UUID
    amount_cents: int
    method: str
    paid_at: datetime


class OrderView(View):
    """An order in full: lines by position, payments by time."""

    id: UUID
    placed_at: datetime
    customer: CustomerView
    lines: list[LineView]
    payments: list[PaymentView]


class OrderPage(View):
    """A customer's newest orders, and how many there are in all."""

    total: int
    orders: list[OrderView]
