"""List what a customer has ordered."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.rows import require

router = APIRouter()

LIST = text("SELECT * FROM orders WHERE customer_id = :customer_id ORDER BY placed_at DESC, id DESC")


class OrderList(BaseModel):
    """A customer's orders, newest first."""

    model_config = ConfigDict(frozen=True)

    orders: list[OrderView]


@router.get("/orders")
async def list_orders(transaction: Transaction, customer_id: UUID) -> OrderList:
    """Answer a customer's orders, newest first."""
    await require(transaction, "customers", customer_id)
    found = await transaction.execute(LIST, {"customer_id": customer_id})
    return OrderList(orders=[OrderView.model_validate(order) for order in found])
