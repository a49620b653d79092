"""Cancel an order."""

from app.features.cancel_order.handler import router

__all__ = ["router"]
