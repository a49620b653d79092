"""List a customer's orders."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select

from app.features.orders.in_full import IN_FULL
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderPage, OrderView
from app.shared.database import Snapshot, snapshot_of
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders")
async def list_orders(
    request: Request,
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
        select(Order.id)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
    )

    async def load(order_id: UUID) -> OrderView:
        async with snapshot_of(request.app.state.engine) as session:
            return OrderView.model_validate(await session.get_one(Order, order_id, options=IN_FULL))

    # A session cannot be shared between tasks, so each order gets its own.
    orders = await asyncio.gather(*(load(order_id) for order_id in await snapshot.scalars(newest)))
    return OrderPage(total=total or 0, orders=orders)
