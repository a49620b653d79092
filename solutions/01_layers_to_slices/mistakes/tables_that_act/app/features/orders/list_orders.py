"""List what a customer has ordered."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import NotFoundError
from app.shared.tables import Customer, Order

router = APIRouter()
customers = Customer.__table__
orders = Order.__table__


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
