"""Show one order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.features.orders.views import Line, OrderView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError

router = APIRouter()

FIND_ORDER = text("SELECT id, placed_at FROM orders WHERE id = :order_id AND customer_id = :customer_id")
FIND_LINES = text("SELECT book_id, quantity FROM order_lines WHERE order_id = :order_id ORDER BY position")


@router.get("/orders/{order_id}")
async def show_order(order_id: UUID, customer_id: CustomerId, engine: Engine) -> OrderView:
    """Answer one of the customer's orders."""
    async with engine.connect() as connection:
        found = await connection.execute(FIND_ORDER, {"order_id": order_id, "customer_id": customer_id})
        order = found.first()
        if order is None:
            raise NotFoundError(thing="order", key=order_id)
        lines = await connection.execute(FIND_LINES, {"order_id": order_id})
        return OrderView(
            id=order.id, placed_at=order.placed_at, lines=tuple(Line.model_validate(line) for line in lines)
        )
