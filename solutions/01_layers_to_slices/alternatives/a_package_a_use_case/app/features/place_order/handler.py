"""POST /orders."""

from http import HTTPStatus

from fastapi import APIRouter

from app.features.place_order.db import add_order, lock_book, require_customer, set_stock
from app.features.place_order.logic import without_copies
from app.features.place_order.schema import NewOrder, OrderView
from app.shared.database import Transaction

router = APIRouter(tags=["orders"])


@router.post("/orders", status_code=HTTPStatus.CREATED)
async def place_order(transaction: Transaction, new: NewOrder) -> OrderView:
    """Take the copies from the shelf, and note who ordered them."""
    await require_customer(transaction, new.customer_id)
    book = await lock_book(transaction, new.book_id)
    await set_stock(transaction, new.book_id, without_copies(book.stock, new.quantity))
    return OrderView.model_validate(await add_order(transaction, new, book.price_cents))
