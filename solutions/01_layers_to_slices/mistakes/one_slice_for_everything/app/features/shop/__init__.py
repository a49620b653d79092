"""The shop."""

from fastapi import APIRouter

from app.features.shop import cancel_order, list_orders, place_order, register_customer, restock_book

router = APIRouter()
for use_case in (register_customer, restock_book, place_order, cancel_order, list_orders):
    router.include_router(use_case.router)
