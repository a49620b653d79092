"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from app.features.orders.in_full import in_full
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderPage
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
    # Counted where the rows are, and the limit applied there too: what is not shown is not fetched.
    total = await snapshot.scalar(select(func.count()).where(Order.customer_id == customer_id))
    newest = (
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
    )
    orders = (await snapshot.scalars(newest)).all()
    return OrderPage(total=total or 0, orders=await in_full(snapshot, orders))
