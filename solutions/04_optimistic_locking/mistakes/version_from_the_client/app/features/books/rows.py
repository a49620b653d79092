"""A book as its row holds it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.conditions import IfMatch
from app.shared.database import Table
from app.shared.errors import NotFoundError, StaleObjectError


class Book(Table):
    """A title the shop sells; every change gives it a new version."""

    __tablename__ = "books"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    price_cents: Mapped[int]
    stock: Mapped[int]
    version: Mapped[int] = mapped_column()

    # Every flush says WHERE version = the one that was read, and StaleDataError where no row is left.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


async def read_book(session: AsyncSession, book_id: UUID) -> Book:
    """Read a book; NotFoundError where there is none."""
    book = await session.get(Book, book_id)
    if book is None:
        raise NotFoundError(thing="book", key=book_id)
    return book


async def read_current(session: AsyncSession, book_id: UUID, condition: IfMatch) -> Book:
    """Read a book that a client would change; StaleObjectError where it read another version."""
    book = await read_book(session, book_id)
    if not condition.matches(book.version):
        raise StaleObjectError(thing="book", key=book_id)
    return book
