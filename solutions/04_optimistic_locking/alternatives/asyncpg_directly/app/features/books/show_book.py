"""Show one book."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import read_book
from app.features.books.views import BookView, show
from app.shared.database import Database

router = APIRouter()


@router.get("/books/{book_id}")
async def show_book(database: Database, book_id: UUID, response: Response) -> BookView:
    """Answer one book."""
    return show(await read_book(database, book_id), response)
