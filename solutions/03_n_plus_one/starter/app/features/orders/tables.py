"""The tables of the order history and how they hang together."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.shared.database import Table


class Customer(Table):
    """Someone who buys."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Author(Table):
    """Someone who writes."""

    __tablename__ = "authors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class BookAuthor(Table):
    """A name on a book's cover."""

    __tablename__ = "book_authors"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("books.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("authors.id"))

    author: Mapped[Author] = relationship()


class Book(Table):
    """A title the shop sells."""

    __tablename__ = "books"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]

    cover: Mapped[list[BookAuthor]] = relationship(order_by=BookAuthor.position)


class OrderLine(Table):
    """So many copies of one book, at the price of the day."""

    __tablename__ = "order_lines"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[UUID] = mapped_column(ForeignKey("books.id"))
    quantity: Mapped[int]
    price_cents: Mapped[int]

    book: Mapped[Book] = relationship()


class Payment(Table):
    """Money that came in for an order."""

    __tablename__ = "payments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    amount_cents: Mapped[int]
    method: Mapped[str]
    paid_at: Mapped[datetime]


class Order(Table):
    """What a customer bought at one time."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    placed_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(order_by=OrderLine.position)
    payments: Mapped[list[Payment]] = relationship(order_by=(Payment.paid_at, Payment.id))
