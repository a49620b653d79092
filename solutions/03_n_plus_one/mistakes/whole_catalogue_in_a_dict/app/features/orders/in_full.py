"""Load all that an answer shows of some orders: a statement for each table, put together in dicts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.features.orders.tables import Author, Book, BookAuthor, Customer, Order, OrderLine, Payment
from app.features.orders.views import AuthorView, BookView, CustomerView, LineView, OrderView, PaymentView


def among(column: InstrumentedAttribute[UUID], keys: Iterable[UUID]) -> ColumnElement[bool]:
    """Compare a column with any number of keys, sent as one array: a list of parameters ends at 65,535."""
    return column == any_(bindparam(None, list(keys), type_=ARRAY(Uuid)))


async def in_full(session: AsyncSession, orders: Sequence[Order]) -> list[OrderView]:
    """Describe the orders, in the order given, in six statements for any number of them."""
    customers = await load_customers(session, {order.customer_id for order in orders})
    lines = await load_lines(session, [order.id for order in orders])
    payments = await load_payments(session, [order.id for order in orders])
    return [
        OrderView(
            id=order.id,
            placed_at=order.placed_at,
            customer=customers[order.customer_id],
            lines=lines[order.id],
            payments=payments[order.id],
        )
        for order in orders
    ]


async def load_customers(session: AsyncSession, keys: Iterable[UUID]) -> dict[UUID, CustomerView]:
    """Load customers by key."""
    found = await session.scalars(select(Customer).where(among(Customer.id, keys)))
    return {customer.id: CustomerView.model_validate(customer) for customer in found}


async def load_payments(session: AsyncSession, orders: Iterable[UUID]) -> dict[UUID, list[PaymentView]]:
    """Load the payments of each order."""
    payments: dict[UUID, list[PaymentView]] = defaultdict(list)
    found = await session.scalars(
        select(Payment).where(among(Payment.order_id, orders)).order_by(Payment.paid_at, Payment.id)
    )
    for payment in found:
        payments[payment.order_id].append(PaymentView.model_validate(payment))
    return payments


async def load_lines(session: AsyncSession, orders: Iterable[UUID]) -> dict[UUID, list[LineView]]:
    """Load the lines of each order with their books, from a catalogue in memory."""
    books = {book.id: book for book in await session.scalars(select(Book))}
    authors = await load_authors(session)
    found = await session.scalars(
        select(OrderLine).where(among(OrderLine.order_id, orders)).order_by(OrderLine.order_id, OrderLine.position)
    )
    lines: dict[UUID, list[LineView]] = defaultdict(list)
    for line in found:
        book = books[line.book_id]
        lines[line.order_id].append(
            LineView(
                position=line.position,
                quantity=line.quantity,
                price_cents=line.price_cents,
                book=BookView(id=book.id, title=book.title, authors=authors[book.id]),
            )
        )
    return lines


async def load_authors(session: AsyncSession) -> dict[UUID, list[AuthorView]]:
    """Load the authors of each book, in the order of its cover."""
    authors: dict[UUID, list[AuthorView]] = defaultdict(list)
    found = await session.execute(
        select(BookAuthor.book_id, Author)
        .join(Author, Author.id == BookAuthor.author_id)
        .order_by(BookAuthor.book_id, BookAuthor.position)
    )
    for book_id, author in found:
        authors[book_id].append(AuthorView.model_validate(author))
    return authors
