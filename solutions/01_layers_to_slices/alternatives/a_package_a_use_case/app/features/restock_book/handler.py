"""POST /books/{book_id}/restock."""

from uuid import UUID

from fastapi import APIRouter

from app.features.restock_book.db import lock_stock, set_stock
from app.features.restock_book.logic import with_delivery
from app.features.restock_book.schema import BookView, Delivery
from app.shared.database import Transaction

router = APIRouter(tags=["books"])


@router.post("/books/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""
    stock = with_delivery(await lock_stock(transaction, book_id), delivery.quantity)
    return BookView.model_validate(await set_stock(transaction, book_id, stock))
