"""Show one order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from app.features.orders.tables import Order
from app.features.orders.views import OrderView
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders/{order_id}")
async def show_order(snapshot: Snapshot, order_id: UUID) -> OrderView:
    """Answer one order in full."""

    def read(session: Session) -> OrderView | None:
        order = session.get(Order, order_id)
        return OrderView.model_validate(order) if order else None

    view = await snapshot.run_sync(read)
    if view is None:
        raise NotFoundError(thing="order", key=order_id)
    return view
