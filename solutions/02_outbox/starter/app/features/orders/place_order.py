"""Place an order, and tell the warehouse."""

from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.orders.views import NewOrder, OrderView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError
from app.shared.events import ORDER_PLACED, STREAM, Event
from app.shared.redis import Stream

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


@router.post("/orders", status_code=HTTPStatus.CREATED)
async def place_order(
    new: NewOrder, customer_id: CustomerId, engine: Engine, stream: Stream, response: Response
) -> OrderView:
    """Write the order and its lines, then publish that it was placed."""
    async with engine.begin() as connection:
        order = await add_order(connection, customer_id, new)
    await stream.xadd(STREAM, order_placed(order).fields())
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


def order_placed(order: OrderView) -> Event:
    """Return the event that says so."""
    lines = [line.model_dump(mode="json") for line in order.lines]
    payload = {"order_id": str(order.id), "lines": lines}
    return Event(event_id=uuid4(), type=ORDER_PLACED, order_id=order.id, payload=payload)
