"""Place an order."""

from app.features.place_order.handler import router

__all__ = ["router"]
