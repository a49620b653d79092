"""Place an order."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import ConflictError
from app.shared.rows import fetch, require

router = APIRouter()

TAKE = "UPDATE books SET stock = stock - :quantity WHERE id = :book_id AND stock >= :quantity RETURNING price_cents"
PLACE = """
    INSERT INTO orders (customer_id, book_id, quantity, price_cents)
    VALUES (:customer_id, :book_id, :quantity, :price_cents)
    RETURNING *
"""


class NewOrder(BaseModel):
    """Copies of one book that a customer wants."""

    model_config = ConfigDict(frozen=True)

    customer_id: UUID
    book_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


@router.post("/orders", status_code=HTTPStatus.CREATED)
async def place_order(transaction: Transaction, new: NewOrder) -> OrderView:
    """Take the copies from the shelf if they are there, in one statement, and note who ordered them."""
    await require(transaction, "customers", new.customer_id)
    taken = await fetch(transaction, TAKE, new.model_dump())
    if taken is None:
        await require(transaction, "books", new.book_id)
        raise ConflictError(kind="not-enough-stock", detail=f"There are not {new.quantity} copies of this book.")
    row = new.model_dump() | {"price_cents": taken.price_cents}
    return OrderView.model_validate(await fetch(transaction, PLACE, row))
