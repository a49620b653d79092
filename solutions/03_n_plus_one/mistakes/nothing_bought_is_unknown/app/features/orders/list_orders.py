"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from app.features.orders.in_full import IN_FULL
from app.features.orders.tables import Order
from app.features.orders.views import OrderPage, OrderView
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders")
async def list_orders(
    snapshot: Snapshot,
    customer_id: UUID,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> OrderPage:
    """Answer a customer's orders, the newest first."""
    newest = (
        select(Order, func.count().over())
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .options(*IN_FULL)
    )
    rows = (await snapshot.execute(newest)).all()
    if not rows:
        raise NotFoundError(thing="customer", key=customer_id)
    return OrderPage(total=rows[0][1], orders=[OrderView.model_validate(order) for order, _ in rows])
