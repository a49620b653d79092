"""Register a customer."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert

from app.shared.database import Transaction
from app.shared.tables import Customer

router = APIRouter(tags=["customers"])
customers = Customer.__table__


class NewCustomer(BaseModel):
    """Somebody who is to be a customer. Postgres's text holds no NUL."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class CustomerView(BaseModel):
    """A customer as she is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str


@router.post("/customers", status_code=HTTPStatus.CREATED)
async def register_customer(transaction: Transaction, new: NewCustomer) -> CustomerView:
    """Take somebody in as a customer, whose key the database makes."""
    written = await transaction.execute(insert(customers).values(name=new.name).returning(customers))
    return CustomerView.model_validate(written.one())
