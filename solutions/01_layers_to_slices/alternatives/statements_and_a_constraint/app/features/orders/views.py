"""An order as it is answered."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class OrderView(BaseModel):
    """An order; the price is that of one copy on the day of the order."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None
