"""What the order history answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.orders.queries import authors_of
from app.features.orders.tables import Order, OrderLine


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


async def view_line(session: AsyncSession, line: OrderLine) -> LineView:
    """Describe a line, its book's authors in the order of the cover."""
    authors = await authors_of(session, line.book.id)
    return LineView(
        position=line.position,
        quantity=line.quantity,
        price_cents=line.price_cents,
        book=BookView(
            id=line.book.id, title=line.book.title, authors=[AuthorView.model_validate(author) for author in authors]
        ),
    )


async def view_order(session: AsyncSession, order: Order) -> OrderView:
    """Describe an order in full."""
    return OrderView(
        id=order.id,
        placed_at=order.placed_at,
        customer=CustomerView.model_validate(order.customer),
        lines=[await view_line(session, line) for line in order.lines],
        payments=[PaymentView.model_validate(payment) for payment in order.payments],
    )
