"""Queries that several answers need."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.orders.tables import Author, BookAuthor


async def authors_of(session: AsyncSession, book_id: UUID) -> Sequence[Author]:
    """Return a book's authors in the order of its cover."""
    on_the_cover = (
        select(Author)
        .join(BookAuthor, BookAuthor.author_id == Author.id)
        .where(BookAuthor.book_id == book_id)
        .order_by(BookAuthor.position)
    )
    return (await session.scalars(on_the_cover)).all()
