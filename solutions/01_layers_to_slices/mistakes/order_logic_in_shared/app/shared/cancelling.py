"""Cancelling, for whoever needs it."""

from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import books, orders

MOST = 10_000


async def cancel(transaction: AsyncConnection, order_id: UUID) -> Row[tuple[object, ...]]:
    """Cancel an order, put its copies back on the shelf, and return it as it is now."""
    locked = select(orders).where(orders.c.id == order_id).with_for_update()
    order = (await transaction.execute(locked)).one_or_none()
    if order is None:
        raise NotFoundError(thing="order", key=order_id)
    if order.cancelled_at is not None:
        raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")
    shelf = select(books.c.stock).where(books.c.id == order.book_id).with_for_update()
    stock = (await transaction.execute(shelf)).scalar_one()
    if stock + order.quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    await transaction.execute(update(books).where(books.c.id == order.book_id).values(stock=stock + order.quantity))
    cancelled = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now())
    return (await transaction.execute(cancelled.returning(orders))).one()
