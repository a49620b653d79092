"""The routes under /customers."""

from http import HTTPStatus

from fastapi import APIRouter

from app.schemas.customer import CustomerView, NewCustomer
from app.services.customers import CustomerService
from app.shared.database import Transaction

router = APIRouter(prefix="/customers", tags=["customers"])


@router.post("", status_code=HTTPStatus.CREATED)
async def register_customer(transaction: Transaction, new: NewCustomer) -> CustomerView:
    """Register a customer."""
    customer = await CustomerService(transaction).register(new.name)
    return CustomerView.model_validate(customer)
