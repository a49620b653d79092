"""Orders as they are sent and answered."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class NewOrder(BaseModel):
    """Copies of one book that a customer wants."""

    model_config = ConfigDict(frozen=True)

    customer_id: UUID
    book_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class OrderView(BaseModel):
    """An order as it is answered; the price is that of one copy."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None


class OrderList(BaseModel):
    """A customer's orders, newest first."""

    model_config = ConfigDict(frozen=True)

    orders: list[OrderView]
