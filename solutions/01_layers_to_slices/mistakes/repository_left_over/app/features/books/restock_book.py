"""Put copies that have come in on the shelf."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.repositories.books import lock_book, set_stock
from app.shared.database import Transaction
from app.shared.errors import ConflictError

router = APIRouter(tags=["books"])

# What a shelf holds stands in schema.sql too: each slice that adds copies asks for itself, and the constraint is
# behind all of them.
MOST = 10_000


class Delivery(BaseModel):
    """Copies that have come in."""

    model_config = ConfigDict(frozen=True)

    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class BookView(BaseModel):
    """A book as it is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    title: str
    price_cents: int
    stock: int


@router.post("/books/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery) -> BookView:
    """Add copies to a book's stock, and answer it as it is now."""
    book = await lock_book(transaction, book_id)
    if book.stock + delivery.quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    return BookView.model_validate(await set_stock(transaction, book_id, book.stock + delivery.quantity))
