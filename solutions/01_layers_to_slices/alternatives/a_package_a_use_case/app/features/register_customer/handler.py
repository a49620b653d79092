"""POST /customers."""

from http import HTTPStatus

from fastapi import APIRouter

from app.features.register_customer.db import add_customer
from app.features.register_customer.schema import CustomerView, NewCustomer
from app.shared.database import Transaction

router = APIRouter(tags=["customers"])


@router.post("/customers", status_code=HTTPStatus.CREATED)
async def register_customer(transaction: Transaction, new: NewCustomer) -> CustomerView:
    """Register a customer; there is nothing to decide."""
    return CustomerView.model_validate(await add_customer(transaction, new.name))
