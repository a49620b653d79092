"""The books on the shelf."""

from app.features.books.restock_book import add_copies, router

__all__ = ["add_copies", "router"]
