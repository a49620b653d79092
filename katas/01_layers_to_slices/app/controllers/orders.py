"""The routes under /orders."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter

from app.schemas.order import NewOrder, OrderList, OrderView
from app.services.orders import OrderService
from app.shared.database import Transaction

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", status_code=HTTPStatus.CREATED)
async def place_order(transaction: Transaction, new: NewOrder) -> OrderView:
    """Place an order."""
    order = await OrderService(transaction).place(new.customer_id, new.book_id, new.quantity)
    return OrderView.model_validate(order)


@router.post("/{order_id}/cancel")
async def cancel_order(transaction: Transaction, order_id: UUID) -> OrderView:
    """Cancel an order."""
    return OrderView.model_validate(await OrderService(transaction).cancel(order_id))


@router.get("")
async def list_orders(transaction: Transaction, customer_id: UUID) -> OrderList:
    """List what a customer has ordered."""
    orders = await OrderService(transaction).list_of(customer_id)
    return OrderList(orders=[OrderView.model_validate(order) for order in orders])
