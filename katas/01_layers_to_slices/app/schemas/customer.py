"""Customers as they are sent and answered."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class NewCustomer(BaseModel):
    """Somebody who is to be a customer. Postgres's text holds no NUL."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class CustomerView(BaseModel):
    """A customer as she is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
