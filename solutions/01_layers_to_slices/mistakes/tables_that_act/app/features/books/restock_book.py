"""Put copies that have come in on the shelf."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, update

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import Book

router = APIRouter(tags=["books"])
books = Book.__table__


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
    locked = select(books.c.stock).where(books.c.id == book_id).with_for_update()
    book = (await transaction.execute(locked)).one_or_none()
    if book is None:
        raise NotFoundError(thing="book", key=book_id)
    if not Book.has_room_for(book, delivery.quantity):
        raise ConflictError(kind="too-much-stock", detail="The shelf does not hold so many copies of a book.")
    added = update(books).where(books.c.id == book_id).values(stock=book.stock + delivery.quantity)
    return BookView.model_validate((await transaction.execute(added.returning(books))).one())
