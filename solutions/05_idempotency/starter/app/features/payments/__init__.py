"""Payments: take one, and show one."""

from fastapi import APIRouter

from app.features.payments import pay, show_payment

router = APIRouter(tags=["payments"])
router.include_router(pay.router)
router.include_router(show_payment.router)
