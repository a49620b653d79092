"""The order history: a customer's orders, and one order."""

from fastapi import APIRouter

from app.features.orders import list_orders, show_order

router = APIRouter(tags=["orders"])
router.include_router(list_orders.router)
router.include_router(show_order.router)
