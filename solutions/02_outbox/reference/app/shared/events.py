"""What the shop tells the warehouse: events on a Redis stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

STREAM = "orders"
ORDER_PLACED = "order.placed"


@dataclass(frozen=True, slots=True)
class Event:
    """One event; its id is the same whenever it is delivered again."""

    event_id: UUID
    type: str
    order_id: UUID
    payload: dict[str, Any]

    def fields(self) -> dict[str, str]:
        """Return it as the fields of a stream's entry."""
        return {
            "event_id": str(self.event_id),
            "type": self.type,
            "order_id": str(self.order_id),
            "payload": json.dumps(self.payload),
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        """Read it from the fields of a stream's entry."""
        return cls(
            event_id=UUID(fields["event_id"]),
            type=fields["type"],
            order_id=UUID(fields["order_id"]),
            payload=json.loads(fields["payload"]),
        )
