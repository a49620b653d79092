"""Put copies that have come in on the shelf."""

from app.features.restock_book.handler import router

__all__ = ["router"]
