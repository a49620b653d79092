"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from app.features.orders.in_full import IN_FULL
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderPage, OrderView
from app.shared.database import Session
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders")
async def list_orders(
    session: Session,
    customer_id: UUID,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> OrderPage:
    """Answer a customer's orders, the newest first."""
    # Orders and total in one statement, so that they agree. What belongs to an order is read after it and was
    # committed with it, so it is there. A customer without orders is one row with no order in it.
    page = (
        select(Order, func.count(Order.id).over())
        .select_from(Customer)
        .outerjoin(Order, Order.customer_id == Customer.id)
        .where(Customer.id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .options(*IN_FULL)
    )
    rows = (await session.execute(page)).all()
    if not rows:
        raise NotFoundError(thing="customer", key=customer_id)
    total = rows[0][1]
    return OrderPage(total=total, orders=[OrderView.model_validate(order) for order, _ in rows if order is not None])
