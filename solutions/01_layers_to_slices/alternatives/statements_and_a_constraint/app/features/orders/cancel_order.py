"""Cancel an order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import ConflictError
from app.shared.rows import fetch, require, violates

router = APIRouter()

CANCEL = "UPDATE orders SET cancelled_at = now() WHERE id = :id AND cancelled_at IS NULL RETURNING *"
PUT_BACK = "UPDATE books SET stock = stock + :quantity WHERE id = :book_id RETURNING id"


@router.post("/orders/{order_id}/cancel")
async def cancel_order(transaction: Transaction, order_id: UUID) -> OrderView:
    """Cancel an order that is not cancelled yet, and put its copies back where the shelf holds them."""
    order = await fetch(transaction, CANCEL, {"id": order_id})
    if order is None:
        await require(transaction, "orders", order_id)
        raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")
    try:
        await fetch(transaction, PUT_BACK, {"book_id": order.book_id, "quantity": order.quantity})
    except IntegrityError as error:
        if violates(error, "books_stock_within_bounds"):
            raise ConflictError(kind="too-much-stock", detail="The shelf does not hold so many.") from error
        raise
    return OrderView.model_validate(order)
