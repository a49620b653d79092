"""List what a customer has ordered."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import NotFoundError
from app.shared.sorting import newest_first
from app.shared.tables import customers, orders

router = APIRouter()


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
    found = select(orders).where(orders.c.customer_id == customer_id).order_by(*newest_first(orders, "placed_at"))
    return OrderList(orders=[OrderView.model_validate(order) for order in await transaction.execute(found)])
