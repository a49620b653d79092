"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.features.orders.tables import Book, BookAuthor, Customer, Order, OrderLine
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
    total = await snapshot.scalar(select(func.count()).where(Order.customer_id == customer_id))
    newest = (
        select(Order)
        .outerjoin(Order.lines)
        .outerjoin(OrderLine.book)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc(), OrderLine.position)
        .limit(limit)
        .options(
            joinedload(Order.customer, innerjoin=True),
            contains_eager(Order.lines)
            .contains_eager(OrderLine.book)
            .selectinload(Book.cover)
            .joinedload(BookAuthor.author, innerjoin=True),
            selectinload(Order.payments),
        )
    )
    orders = (await snapshot.scalars(newest)).unique()
    return OrderPage(total=total or 0, orders=[OrderView.model_validate(order) for order in orders])
