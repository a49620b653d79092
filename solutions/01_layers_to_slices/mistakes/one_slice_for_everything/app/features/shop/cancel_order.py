"""Cancel an order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import func, select, update

from app.features.shop.tables import books, orders
from app.features.shop.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError

router = APIRouter()

# The same rule as that of a delivery, written a second time: the two are alike today, and each is read where it holds.
MOST = 10_000


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
    shelf = select(books.c.stock).where(books.c.id == order.book_id).with_for_update()
    stock = (await transaction.execute(shelf)).scalar_one()
    if stock + order.quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    put_back = update(books).where(books.c.id == order.book_id).values(stock=stock + order.quantity)
    await transaction.execute(put_back)
    cancelled = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now())
    return OrderView.model_validate((await transaction.execute(cancelled.returning(orders))).one())
