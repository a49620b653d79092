"""What the service answers."""

from fastapi import APIRouter

from app.features.api import books, customers, orders

router = APIRouter()
router.include_router(customers.router)
router.include_router(books.router)
router.include_router(orders.router)
