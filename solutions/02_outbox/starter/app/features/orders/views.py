"""What the orders' routes are sent and what they answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Line(BaseModel):
    """So many copies of one book."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    book_id: UUID
    quantity: Annotated[int, Field(ge=1, le=1000)]


class NewOrder(BaseModel):
    """What a customer orders."""

    model_config = ConfigDict(frozen=True)

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100)]


class OrderView(BaseModel):
    """An order as it was placed, its lines in the order in which they were sent."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    placed_at: datetime
    lines: tuple[Line, ...]
