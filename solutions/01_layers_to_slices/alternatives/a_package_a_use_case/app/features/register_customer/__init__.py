"""Register a customer."""

from app.features.register_customer.handler import router

__all__ = ["router"]
