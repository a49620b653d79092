"""List what a customer has ordered."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.shared.database import Transaction
from app.shared.errors import NotFoundError
from app.shared.tables import customers, orders

router = APIRouter()


class OrderView(BaseModel):
    """An order; the price is that of one copy on the day of the order."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None


class OrderList(BaseModel):
    """A customer's orders, newest first."""

    model_config = ConfigDict(frozen=True)

    orders: list[OrderView]


@router.get("/orders")
async def list_orders(transaction: Transaction, customer_id: UUID) -> OrderList:
    """Answer a customer's orders, newest first."""
    known = select(customers.c.id).where(customers.c.id == customer_id)
    if (await transaction.execute(known)).one_or_none() is None:
        raise NotFoundError(thing="customer", key=customer_id)
    newest_first = (orders.c.placed_at.desc(), orders.c.id.desc())
    found = select(orders).where(orders.c.customer_id == customer_id).order_by(*newest_first)
    return OrderList(orders=[OrderView.model_validate(order) for order in await transaction.execute(found)])
