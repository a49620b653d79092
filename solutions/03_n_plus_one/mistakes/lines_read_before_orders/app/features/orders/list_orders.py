"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from app.features.orders.in_full import load_lines, load_payments, put_together
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderPage
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
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise NotFoundError(thing="customer", key=customer_id)
    newest = (
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
    )
    # The same subquery names the orders in each statement, so no keys travel.
    shown = newest.with_only_columns(Order.id)
    lines = await load_lines(session, shown)
    payments = await load_payments(session, shown)
    rows = (await session.execute(newest.add_columns(func.count().over()))).all()
    total = rows[0][1] if rows else 0
    return OrderPage(total=total, orders=[put_together(order, customer, lines, payments) for order, _ in rows])
