"""Register a customer."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.shared.database import Transaction
from app.shared.rows import fetch

router = APIRouter(tags=["customers"])

REGISTER = "INSERT INTO customers (name) VALUES (:name) RETURNING id, name"


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
    return CustomerView.model_validate(await fetch(transaction, REGISTER, new.model_dump()))
