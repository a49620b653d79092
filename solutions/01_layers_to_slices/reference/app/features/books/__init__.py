"""The books on the shelf."""

from app.features.books.restock_book import router

__all__ = ["router"]
