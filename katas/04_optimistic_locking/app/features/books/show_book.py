"""Show one book."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import read_book
from app.features.books.views import BookView, show
from app.shared.database import Transaction

router = APIRouter()


@router.get("/books/{book_id}")
async def show_book(transaction: Transaction, book_id: UUID, response: Response) -> BookView:
    """Answer one book."""
    return show(await read_book(transaction, book_id), response)
