"""Put copies that have come in on the shelf."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import books

router = APIRouter(tags=["books"])

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


async def add_copies(transaction: AsyncConnection, book_id: UUID, quantity: int) -> Row[Any]:
    """Add copies to a book's stock, and return it as it is now."""
    locked = select(books.c.stock).where(books.c.id == book_id).with_for_update()
    stock = (await transaction.execute(locked)).scalar_one_or_none()
    if stock is None:
        raise NotFoundError(thing="book", key=book_id)
    if stock + quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    added = update(books).where(books.c.id == book_id).values(stock=stock + quantity)
    return (await transaction.execute(added.returning(books))).one()


@router.post("/books/{book_id}/restock")
async def restock_book(transaction: Transaction, book_id: UUID, delivery: Delivery) -> BookView:
    """Put a delivery on the shelf."""
    return BookView.model_validate(await add_copies(transaction, book_id, delivery.quantity))
