"""List a customer's orders."""

from time import monotonic
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.orders.in_full import IN_FULL
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderPage, OrderView
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()

KEPT_SECONDS = 60.0
_totals: dict[UUID, tuple[float, int]] = {}


async def count_orders(session: AsyncSession, customer_id: UUID) -> int:
    """Count a customer's orders; the number is kept for a minute, since counting is slow."""
    kept_until, total = _totals.get(customer_id, (0.0, 0))
    if monotonic() < kept_until:
        return total
    total = await session.scalar(select(func.count()).where(Order.customer_id == customer_id)) or 0
    _totals[customer_id] = (monotonic() + KEPT_SECONDS, total)
    return total


@router.get("/orders")
async def list_orders(
    snapshot: Snapshot,
    customer_id: UUID,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> OrderPage:
    """Answer a customer's orders, the newest first."""
    if await snapshot.get(Customer, customer_id) is None:
        raise NotFoundError(thing="customer", key=customer_id)
    total = await count_orders(snapshot, customer_id)
    newest = (
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .options(*IN_FULL)
    )
    orders = await snapshot.scalars(newest)
    return OrderPage(total=total, orders=[OrderView.model_validate(order) for order in orders])
