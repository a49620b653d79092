"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select

from app.features.orders.in_full import IN_FULL
from app.features.orders.tables import Customer, Order
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
    if await snapshot.get(Customer, customer_id) is None:
        raise NotFoundError(thing="customer", key=customer_id)
    newest = (
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .options(*IN_FULL)
    )
    orders = (await snapshot.scalars(newest)).all()
    return OrderPage(total=len(orders), orders=[OrderView.model_validate(order) for order in orders])
