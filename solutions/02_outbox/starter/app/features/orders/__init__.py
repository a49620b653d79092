"""Orders: place one, and show one."""

from fastapi import APIRouter

from app.features.orders import place_order, show_order

router = APIRouter(tags=["orders"])
router.include_router(place_order.router)
router.include_router(show_order.router)
