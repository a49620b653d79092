"""Put copies that have come in on the shelf."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.rows import fetch, violates

router = APIRouter(tags=["books"])

RESTOCK = "UPDATE books SET stock = stock + :quantity WHERE id = :id RETURNING id, title, price_cents, stock"


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
    try:
        book = await fetch(transaction, RESTOCK, {"id": book_id, "quantity": delivery.quantity})
    except IntegrityError as error:
        if violates(error, "books_stock_within_bounds"):
            raise ConflictError(kind="too-much-stock", detail="The shelf does not hold so many.") from error
        raise
    if book is None:
        raise NotFoundError(thing="book", key=book_id)
    return BookView.model_validate(book)
