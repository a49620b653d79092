"""The shop's customers."""

from app.features.customers.register_customer import router

__all__ = ["router"]
