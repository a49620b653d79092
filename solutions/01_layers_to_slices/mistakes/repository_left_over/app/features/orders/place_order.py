"""Place an order."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, insert, select

from app.features.orders.views import OrderView
from app.repositories.books import lock_book, set_stock
from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import customers, orders

router = APIRouter()


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
    book = await lock_book(transaction, new.book_id)
    if book.stock < new.quantity:
        raise ConflictError(kind="not-enough-stock", detail=f"There are {book.stock} copies of this book.")
    await set_stock(transaction, new.book_id, book.stock - new.quantity)
    row = {**new.model_dump(), "price_cents": book.price_cents, "placed_at": func.now()}
    return OrderView.model_validate((await transaction.execute(insert(orders).values(row).returning(orders))).one())
