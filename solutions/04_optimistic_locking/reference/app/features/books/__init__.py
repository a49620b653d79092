"""The books: read, edited, restocked and taken out of the range."""

from fastapi import APIRouter

from app.features.books import delete_book, restock_book, save_book, show_book

router = APIRouter(tags=["books"])
router.include_router(show_book.router)
router.include_router(save_book.router)
router.include_router(delete_book.router)
router.include_router(restock_book.router)
