"""Put copies that have come in on the shelf."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.features.books.rows import Book
from app.features.books.views import BookView, Delivery, show
from app.shared.database import Database
from app.shared.errors import NotFoundError

router = APIRouter()

RESTOCK = """
    UPDATE books
    SET stock = stock + $2, version = version + 1
    WHERE id = $1
    RETURNING id, title, price_cents, stock, version
"""


@router.post("/books/{book_id}/restock")
async def restock_book(database: Database, book_id: UUID, delivery: Delivery, response: Response) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""
    row = await database.fetchrow(RESTOCK, book_id, delivery.quantity)
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return show(Book(**row), response)
