"""GET /orders."""

from uuid import UUID

from fastapi import APIRouter

from app.features.list_orders.db import read_orders
from app.features.list_orders.schema import OrderList, OrderView
from app.shared.database import Transaction

router = APIRouter(tags=["orders"])


@router.get("/orders")
async def list_orders(transaction: Transaction, customer_id: UUID) -> OrderList:
    """Answer a customer's orders, newest first."""
    found = await read_orders(transaction, customer_id)
    return OrderList(orders=[OrderView.model_validate(order) for order in found])
