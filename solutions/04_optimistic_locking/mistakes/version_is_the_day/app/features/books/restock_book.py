"""Put copies that have come in on the shelf."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.features.books.rows import Book
from app.features.books.views import BookView, Delivery, show
from app.shared.database import Transaction
from app.shared.errors import NotFoundError

router = APIRouter()

# The sum is made where the row is: a delivery needs to know no version, and is never in vain.
RESTOCK = text("""
    UPDATE books
    SET stock = stock + :quantity, version = CAST(to_char(now(), 'YYYYMMDD') AS bigint)
    WHERE id = :id
    RETURNING id, title, price_cents, stock, version
""")


@router.post("/books/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery, response: Response) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""
    row = (await transaction.execute(RESTOCK, {"id": book_id, "quantity": delivery.quantity})).one_or_none()
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return show(Book(*row), response)
