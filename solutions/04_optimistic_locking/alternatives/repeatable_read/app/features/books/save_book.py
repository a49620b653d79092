"""Save a book that was edited."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.books.rows import Book, read_current, write_book
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.database import Changes

router = APIRouter()


@router.put("/books/{book_id}")
async def save_book(
    changes: Changes, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""

    async def save(transaction: AsyncConnection) -> Book:
        book = await read_current(transaction, book_id, condition)
        saved = replace(book, title=edition.title, price_cents=edition.price_cents, version=book.version + 1)
        await write_book(transaction, saved)
        return saved

    return show(await changes(save), response)
