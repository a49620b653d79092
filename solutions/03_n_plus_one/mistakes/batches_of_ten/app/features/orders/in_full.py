"""Load all that an answer shows of some orders, a few keys at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.orders.tables import Author, Book, BookAuthor, Customer, Order, OrderLine, Payment
from app.features.orders.views import AuthorView, BookView, CustomerView, LineView, OrderView, PaymentView

BATCH = 10


def batches(keys: Iterable[UUID]) -> Iterator[list[UUID]]:
    """Cut keys into batches, so that no IN list grows long."""
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        yield batch


async def in_full(session: AsyncSession, orders: Sequence[Order]) -> list[OrderView]:
    """Describe the orders, in the order given."""
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
    customers: dict[UUID, CustomerView] = {}
    for batch in batches(keys):
        for customer in await session.scalars(select(Customer).where(Customer.id.in_(batch))):
            customers[customer.id] = CustomerView.model_validate(customer)
    return customers


async def load_payments(session: AsyncSession, orders: Iterable[UUID]) -> dict[UUID, list[PaymentView]]:
    """Load the payments of each order."""
    payments: dict[UUID, list[PaymentView]] = defaultdict(list)
    for batch in batches(orders):
        found = await session.scalars(
            select(Payment).where(Payment.order_id.in_(batch)).order_by(Payment.paid_at, Payment.id)
        )
        for payment in found:
            payments[payment.order_id].append(PaymentView.model_validate(payment))
    return payments


async def load_lines(session: AsyncSession, orders: Iterable[UUID]) -> dict[UUID, list[LineView]]:
    """Load the lines of each order with their books."""
    found: list[OrderLine] = []
    for batch in batches(orders):
        found += await session.scalars(
            select(OrderLine).where(OrderLine.order_id.in_(batch)).order_by(OrderLine.order_id, OrderLine.position)
        )
    books = await load_books(session, {line.book_id for line in found})
    authors = await load_authors(session, books)
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


async def load_books(session: AsyncSession, keys: Iterable[UUID]) -> dict[UUID, Book]:
    """Load books by key."""
    books: dict[UUID, Book] = {}
    for batch in batches(keys):
        books |= {book.id: book for book in await session.scalars(select(Book).where(Book.id.in_(batch)))}
    return books


async def load_authors(session: AsyncSession, books: Iterable[UUID]) -> dict[UUID, list[AuthorView]]:
    """Load the authors of each book, in the order of its cover."""
    cover: list[BookAuthor] = []
    for batch in batches(books):
        cover += await session.scalars(
            select(BookAuthor).where(BookAuthor.book_id.in_(batch)).order_by(BookAuthor.book_id, BookAuthor.position)
        )
    known: dict[UUID, AuthorView] = {}
    for batch in batches({name.author_id for name in cover}):
        for author in await session.scalars(select(Author).where(Author.id.in_(batch))):
            known[author.id] = AuthorView.model_validate(author)
    authors: dict[UUID, list[AuthorView]] = defaultdict(list)
    for name in cover:
        authors[name.book_id].append(known[name.author_id])
    return authors
