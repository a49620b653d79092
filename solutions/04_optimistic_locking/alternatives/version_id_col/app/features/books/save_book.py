"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.books.rows import Book, read_current
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
        book = await read_current(session, book_id, condition)
        book.title, book.price_cents = edition.title, edition.price_cents
        return book

    return show(await changes(save), response)
