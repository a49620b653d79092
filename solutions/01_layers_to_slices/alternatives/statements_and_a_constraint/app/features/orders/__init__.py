"""What customers order."""

from fastapi import APIRouter

from app.features.orders import cancel_order, list_orders, place_order

router = APIRouter(tags=["orders"])
router.include_router(place_order.router)
router.include_router(cancel_order.router)
router.include_router(list_orders.router)
