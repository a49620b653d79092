"""What the payments' routes are sent and what they answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class NewPayment(BaseModel):
    """What a customer wants to pay, and for which order."""

    model_config = ConfigDict(frozen=True)

    order_id: UUID
    amount_cents: Annotated[int, Field(ge=1, le=10_000_000)]


class PaymentView(BaseModel):
    """A payment as it was made."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    order_id: UUID
    amount_cents: int
    charge_id: str
    paid_at: datetime
