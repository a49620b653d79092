"""Show one order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.features.orders.in_full import IN_FULL
from app.features.orders.views import OrderView
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()

ORDER = text(f"SELECT one.document FROM orders o CROSS JOIN LATERAL ({IN_FULL}) one WHERE o.id = :order_id")  # noqa: S608 - the text put in is a constant of this package


@router.get("/orders/{order_id}")
async def show_order(snapshot: Snapshot, order_id: UUID) -> OrderView:
    """Answer one order in full."""
    document = await snapshot.scalar(ORDER, {"order_id": order_id})
    if document is None:
        raise NotFoundError(thing="order", key=order_id)
    return OrderView.model_validate(document)
