"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.books.rows import Book, read_book
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Changes

router = APIRouter()


@router.put("/books/{book_id}")
async def save_book(
    changes: Changes, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""

    async def save(session: AsyncSession) -> Book:
        book = await read_book(session, book_id)
        book.title, book.price_cents = edition.title, edition.price_cents
        if not condition.any_version:
            book.version = max(condition.versions, default=0)  # the mapper compares it when it writes
        return book

    return show(await changes(save), response)
