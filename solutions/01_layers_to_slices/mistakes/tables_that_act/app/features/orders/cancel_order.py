"""Cancel an order."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import func, select, update

from app.features.orders.views import OrderView
from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import Book, Order

router = APIRouter()
books = Book.__table__
orders = Order.__table__


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
    book = (await transaction.execute(shelf)).one()
    if not Book.has_room_for(book, order.quantity):
        raise ConflictError(kind="too-much-stock", detail="The shelf does not hold so many copies of a book.")
    put_back = update(books).where(books.c.id == order.book_id).values(stock=book.stock + order.quantity)
    await transaction.execute(put_back)
    cancelled = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now())
    return OrderView.model_validate((await transaction.execute(cancelled.returning(orders))).one())
