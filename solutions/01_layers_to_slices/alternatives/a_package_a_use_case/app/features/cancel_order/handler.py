"""POST /orders/{order_id}/cancel."""

from uuid import UUID

from fastapi import APIRouter

from app.features.cancel_order.db import lock_order, lock_stock, mark_cancelled, set_stock
from app.features.cancel_order.logic import require_open, with_returned
from app.features.cancel_order.schema import OrderView
from app.shared.database import Transaction

router = APIRouter(tags=["orders"])


@router.post("/orders/{order_id}/cancel")
async def cancel_order(transaction: Transaction, order_id: UUID) -> OrderView:
    """Cancel an order, and put its copies back on the shelf."""
    order = await lock_order(transaction, order_id)
    require_open(order.cancelled_at)
    stock = with_returned(await lock_stock(transaction, order.book_id), order.quantity)
    await set_stock(transaction, order.book_id, stock)
    return OrderView.model_validate(await mark_cancelled(transaction, order_id))
