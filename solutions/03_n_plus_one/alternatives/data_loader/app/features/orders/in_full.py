"""Describe an order piece by piece; loaders gather the pieces of all orders into few statements."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.orders.tables import Author, Book, BookAuthor, Customer, Order, OrderLine, Payment
from app.features.orders.views import AuthorView, BookView, CustomerView, LineView, OrderView, PaymentView
from app.shared.loader import Loader


class InFull:
    """Describes orders; one for each request, since its loaders remember what they have loaded."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        # A session runs one statement at a time, and two loaders may be ready at once.
        self._turn = asyncio.Lock()
        self._customers = Loader(self._fetch_customers)
        self._lines = Loader(self._fetch_lines)
        self._payments = Loader(self._fetch_payments)
        self._books = Loader(self._fetch_books)
        self._authors = Loader(self._fetch_authors)

    async def view_orders(self, orders: Sequence[Order]) -> list[OrderView]:
        """Describe the orders, in the order given."""
        return await asyncio.gather(*(self.view_order(order) for order in orders))

    async def view_order(self, order: Order) -> OrderView:
        """Describe one order."""
        customer, lines, payments = await asyncio.gather(
            self._customers.load(order.customer_id), self._lines.load(order.id), self._payments.load(order.id)
        )
        return OrderView(
            id=order.id,
            placed_at=order.placed_at,
            customer=CustomerView.model_validate(customer),
            lines=await asyncio.gather(*(self._view_line(line) for line in lines)),
            payments=[PaymentView.model_validate(payment) for payment in payments],
        )

    async def _view_line(self, line: OrderLine) -> LineView:
        book, authors = await asyncio.gather(self._books.load(line.book_id), self._authors.load(line.book_id))
        return LineView(
            position=line.position,
            quantity=line.quantity,
            price_cents=line.price_cents,
            book=BookView(
                id=book.id, title=book.title, authors=[AuthorView.model_validate(author) for author in authors]
            ),
        )

    async def _rows(self, query: Executable) -> Sequence[Row[*tuple[Any, ...]]]:
        async with self._turn:
            return (await self._session.execute(query)).all()

    async def _fetch_customers(self, keys: Sequence[UUID]) -> Mapping[UUID, Customer]:
        rows = await self._rows(select(Customer).where(Customer.id.in_(keys)))
        return {customer.id: customer for (customer,) in rows}

    async def _fetch_books(self, keys: Sequence[UUID]) -> Mapping[UUID, Book]:
        rows = await self._rows(select(Book).where(Book.id.in_(keys)))
        return {book.id: book for (book,) in rows}

    async def _fetch_lines(self, orders: Sequence[UUID]) -> Mapping[UUID, list[OrderLine]]:
        rows = await self._rows(
            select(OrderLine).where(OrderLine.order_id.in_(orders)).order_by(OrderLine.order_id, OrderLine.position)
        )
        lines: dict[UUID, list[OrderLine]] = {order: [] for order in orders}
        for (line,) in rows:
            lines[line.order_id].append(line)
        return lines

    async def _fetch_payments(self, orders: Sequence[UUID]) -> Mapping[UUID, list[Payment]]:
        rows = await self._rows(
            select(Payment).where(Payment.order_id.in_(orders)).order_by(Payment.paid_at, Payment.id)
        )
        payments: dict[UUID, list[Payment]] = {order: [] for order in orders}
        for (payment,) in rows:
            payments[payment.order_id].append(payment)
        return payments

    async def _fetch_authors(self, books: Sequence[UUID]) -> Mapping[UUID, list[Author]]:
        rows = await self._rows(
            select(BookAuthor.book_id, Author)
            .join(Author, Author.id == BookAuthor.author_id)
            .where(BookAuthor.book_id.in_(books))
            .order_by(BookAuthor.book_id, BookAuthor.position)
        )
        authors: dict[UUID, list[Author]] = {book: [] for book in books}
        for book_id, author in rows:
            authors[book_id].append(author)
        return authors
