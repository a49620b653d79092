"""Show one order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select

from app.features.orders.in_full import load_lines, load_payments, put_together
from app.features.orders.tables import Customer, Order
from app.features.orders.views import OrderView
from app.shared.database import Session
from app.shared.errors import NotFoundError

router = APIRouter()


@router.get("/orders/{order_id}")
async def show_order(session: Session, order_id: UUID) -> OrderView:
    """Answer one order in full."""
    shown = select(Order.id).where(Order.id == order_id)
    lines = await load_lines(session, shown)
    payments = await load_payments(session, shown)
    order = await session.get(Order, order_id)
    if order is None:
        raise NotFoundError(thing="order", key=order_id)
    return put_together(order, await session.get_one(Customer, order.customer_id), lines, payments)
