"""Cancel an order."""

from uuid import UUID

from fastapi import APIRouter

from app.features.orders.views import OrderView
from app.shared.cancelling import cancel
from app.shared.database import Transaction

router = APIRouter()


@router.post("/orders/{order_id}/cancel")
async def cancel_order(transaction: Transaction, order_id: UUID) -> OrderView:
    """Cancel an order, and put its copies back on the shelf."""
    return OrderView.model_validate(await cancel(transaction, order_id))
