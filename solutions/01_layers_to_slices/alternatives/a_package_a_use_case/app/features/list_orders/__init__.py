"""List what a customer has ordered."""

from app.features.list_orders.handler import router

__all__ = ["router"]
