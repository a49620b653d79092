"""The routes under /books."""

from uuid import UUID

from fastapi import APIRouter

from app.schemas.book import BookView, Delivery
from app.services.stock import StockService
from app.shared.database import Transaction

router = APIRouter(prefix="/books", tags=["books"])


@router.post("/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery) -> BookView:
    """Put copies that have come in on the shelf."""
    book = await StockService(transaction).add(book_id, delivery.quantity)
    return BookView.model_validate(book)
