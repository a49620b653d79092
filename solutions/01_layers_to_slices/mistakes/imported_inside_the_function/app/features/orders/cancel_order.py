"""Cancel an order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import func, select, update

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import orders

router = APIRouter()


@router.post("/orders/{order_id}/cancel")
async def cancel_order(transaction: Transaction, order_id: UUID) -> OrderView:
    """Cancel an order, and put its copies back on the shelf."""
    # The lock makes the second of two cancels wait, and then see that the first was there.
    locked = select(orders).where(orders.c.id == order_id).with_for_update()
    order = (await transaction.execute(locked)).one_or_none()
    if order is None:
        raise NotFoundError(thing="order", key=order_id)
    if order.cancelled_at is not None:
        raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")
    from app.features.books.restock_book import add_copies  # noqa: PLC0415 -- the slices would import each other

    await add_copies(transaction, order.book_id, order.quantity)
    cancelled = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now())
    return OrderView.model_validate((await transaction.execute(cancelled.returning(orders))).one())
