"""What the order history answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.features.orders.tables import Book, Order, OrderLine


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


async def view_book(book: Book) -> BookView:
    """Describe a book."""
    cover = await book.awaitable_attrs.cover
    authors = [await name.awaitable_attrs.author for name in cover]
    return BookView(id=book.id, title=book.title, authors=[AuthorView.model_validate(author) for author in authors])


async def view_line(line: OrderLine) -> LineView:
    """Describe a line of an order."""
    book = await view_book(await line.awaitable_attrs.book)
    return LineView(position=line.position, quantity=line.quantity, price_cents=line.price_cents, book=book)


async def view_order(order: Order) -> OrderView:
    """Describe an order in full."""
    return OrderView(
        id=order.id,
        placed_at=order.placed_at,
        customer=CustomerView.model_validate(await order.awaitable_attrs.customer),
        lines=[await view_line(line) for line in await order.awaitable_attrs.lines],
        payments=[PaymentView.model_validate(payment) for payment in await order.awaitable_attrs.payments],
    )
