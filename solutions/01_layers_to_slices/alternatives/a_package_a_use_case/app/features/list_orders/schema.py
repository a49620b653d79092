"""What is answered where orders are listed."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


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
