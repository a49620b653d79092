"""Show one order."""

from uuid import UUID

from fastapi import APIRouter

from app.features.orders.in_full import in_full
from app.features.orders.tables import Order
from app.features.orders.views import OrderView
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders/{order_id}")
async def show_order(snapshot: Snapshot, order_id: UUID) -> OrderView:
    """Answer one order in full."""
    order = await snapshot.get(Order, order_id)
    if order is None:
        raise NotFoundError(thing="order", key=order_id)
    return (await in_full(snapshot, [order]))[0]
