"""Place an order."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, insert, select, update

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import books, customers, orders

router = APIRouter()


class OrderView(BaseModel):
    """An order; the price is that of one copy on the day of the order."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None


class NewOrder(BaseModel):
    """Copies of one book that a customer wants."""

    model_config = ConfigDict(frozen=True)

    customer_id: UUID
    book_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


@router.post("/orders", status_code=HTTPStatus.CREATED)
async def place_order(transaction: Transaction, new: NewOrder) -> OrderView:
    """Take the copies from the shelf, and note who ordered them."""
    known = select(customers.c.id).where(customers.c.id == new.customer_id)
    if (await transaction.execute(known)).one_or_none() is None:
        raise NotFoundError(thing="customer", key=new.customer_id)
    # The lock came along from the layers: without it two orders that read the same stock both take the last copy.
    locked = select(books.c.stock, books.c.price_cents).where(books.c.id == new.book_id).with_for_update()
    book = (await transaction.execute(locked)).one_or_none()
    if book is None:
        raise NotFoundError(thing="book", key=new.book_id)
    if book.stock < new.quantity:
        raise ConflictError(kind="not-enough-stock", detail=f"There are {book.stock} copies of this book.")
    taken = update(books).where(books.c.id == new.book_id).values(stock=book.stock - new.quantity)
    await transaction.execute(taken)
    row = {**new.model_dump(), "price_cents": book.price_cents, "placed_at": func.now()}
    return OrderView.model_validate((await transaction.execute(insert(orders).values(row).returning(orders))).one())
