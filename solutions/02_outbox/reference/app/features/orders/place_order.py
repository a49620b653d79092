"""Place an order, and leave word of it for the warehouse."""

import json
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.orders.views import NewOrder, OrderView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError
from app.shared.events import ORDER_PLACED, Event

router = APIRouter()

FIND_CUSTOMER = text("SELECT id FROM customers WHERE id = :customer_id")
FIND_BOOKS = text("SELECT id FROM books WHERE id = ANY(:books)")
ADD_ORDER = text("INSERT INTO orders (customer_id) VALUES (:customer_id) RETURNING id, placed_at")
ADD_LINES = text("""
    INSERT INTO order_lines (order_id, position, book_id, quantity)
    SELECT :order_id, line.position, line.book_id, line.quantity
    FROM unnest(CAST(:books AS uuid[]), CAST(:quantities AS integer[]))
        WITH ORDINALITY AS line (book_id, quantity, position)
""")
ADD_EVENT = text("""
    INSERT INTO outbox (event_id, type, order_id, payload)
    VALUES (:event_id, :type, :order_id, CAST(:payload AS jsonb))
""")


@router.post("/orders", status_code=HTTPStatus.CREATED)
async def place_order(new: NewOrder, customer_id: CustomerId, engine: Engine, response: Response) -> OrderView:
    """Write the order, its lines and its event; the relay takes the event to the stream."""
    async with engine.begin() as connection:
        order = await add_order(connection, customer_id, new)
        # In the order's own transaction: one COMMIT for both, or none.
        await add_event(connection, order_placed(order))
    response.headers["Location"] = f"/orders/{order.id}"
    return order


async def add_order(connection: AsyncConnection, customer_id: UUID, new: NewOrder) -> OrderView:
    """Write an order with its lines; NotFoundError where there is no such customer or book."""
    books = [line.book_id for line in new.lines]
    if (await connection.execute(FIND_CUSTOMER, {"customer_id": customer_id})).first() is None:
        raise NotFoundError(thing="customer", key=customer_id)
    found = set((await connection.execute(FIND_BOOKS, {"books": books})).scalars())
    for book_id in books:
        if book_id not in found:
            raise NotFoundError(thing="book", key=book_id)
    added = (await connection.execute(ADD_ORDER, {"customer_id": customer_id})).one()
    quantities = [line.quantity for line in new.lines]
    await connection.execute(ADD_LINES, {"order_id": added.id, "books": books, "quantities": quantities})
    return OrderView(id=added.id, placed_at=added.placed_at, lines=new.lines)


async def add_event(connection: AsyncConnection, event: Event) -> None:
    """Put an event into the outbox; its id is made here, once, and goes with it wherever it is delivered again."""
    row = {
        "event_id": event.event_id,
        "type": event.type,
        "order_id": event.order_id,
        "payload": json.dumps(event.payload),
    }
    await connection.execute(ADD_EVENT, row)


def order_placed(order: OrderView) -> Event:
    """Return the event that says so."""
    lines = [line.model_dump(mode="json") for line in order.lines]
    payload = {"order_id": str(order.id), "lines": lines}
    return Event(event_id=uuid4(), type=ORDER_PLACED, order_id=order.id, payload=payload)
