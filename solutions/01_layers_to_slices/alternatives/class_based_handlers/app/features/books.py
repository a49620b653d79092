"""The books on the shelf."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, update

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import books


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


class RestockBook:
    """Puts copies that have come in on a shelf that holds so many."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def handle(self, transaction: Transaction, book_id: UUID, delivery: Delivery) -> BookView:
        """Add copies to a book's stock, and answer it as it is now."""
        locked = select(books.c.stock).where(books.c.id == book_id).with_for_update()
        stock = (await transaction.execute(locked)).scalar_one_or_none()
        if stock is None:
            raise NotFoundError(thing="book", key=book_id)
        if stock + delivery.quantity > self._most:
            raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {self._most} copies of a book.")
        added = update(books).where(books.c.id == book_id).values(stock=stock + delivery.quantity)
        return BookView.model_validate((await transaction.execute(added.returning(books))).one())


router = APIRouter(prefix="/books", tags=["books"])
router.add_api_route("/{book_id}/restock", RestockBook(most=10_000).handle, methods=["POST"])
