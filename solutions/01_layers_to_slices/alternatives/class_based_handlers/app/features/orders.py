"""What customers order."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.shared.database import Transaction
from app.shared.errors import ConflictError, NotFoundError
from app.shared.tables import books, customers, orders


class NewOrder(BaseModel):
    """Copies of one book that a customer wants."""

    model_config = ConfigDict(frozen=True)

    customer_id: UUID
    book_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class OrderView(BaseModel):
    """An order; the price is that of one copy on the day of the order."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    customer_id: UUID
    book_id: UUID
    quantity: int
    price_cents: int
    placed_at: datetime
    cancelled_at: datetime | None


class OrderList(BaseModel):
    """A customer's orders, newest first."""

    model_config = ConfigDict(frozen=True)

    orders: list[OrderView]


class OfCustomer:
    """What the use cases of this slice have in common: a customer that must be known."""

    async def _require_customer(self, transaction: AsyncConnection, customer_id: UUID) -> None:
        known = select(customers.c.id).where(customers.c.id == customer_id)
        if (await transaction.execute(known)).one_or_none() is None:
            raise NotFoundError(thing="customer", key=customer_id)


class PlaceOrder(OfCustomer):
    """Takes copies from the shelf, and notes who ordered them."""

    async def handle(self, transaction: Transaction, new: NewOrder) -> OrderView:
        """Place an order."""
        await self._require_customer(transaction, new.customer_id)
        locked = select(books.c.stock, books.c.price_cents).where(books.c.id == new.book_id).with_for_update()
        book = (await transaction.execute(locked)).one_or_none()
        if book is None:
            raise NotFoundError(thing="book", key=new.book_id)
        if book.stock < new.quantity:
            raise ConflictError(kind="not-enough-stock", detail=f"There are {book.stock} copies of this book.")
        taken = update(books).where(books.c.id == new.book_id).values(stock=book.stock - new.quantity)
        await transaction.execute(taken)
        row = {**new.model_dump(), "price_cents": book.price_cents, "placed_at": func.now()}
        return OrderView.model_validate((await transaction.execute(insert(orders).values(row).returning(orders))).one())


class CancelOrder:
    """Puts the copies of an order back on a shelf that holds so many."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def handle(self, transaction: Transaction, order_id: UUID) -> OrderView:
        """Cancel an order."""
        locked = select(orders).where(orders.c.id == order_id).with_for_update()
        order = (await transaction.execute(locked)).one_or_none()
        if order is None:
            raise NotFoundError(thing="order", key=order_id)
        if order.cancelled_at is not None:
            raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")
        shelf = select(books.c.stock).where(books.c.id == order.book_id).with_for_update()
        stock = (await transaction.execute(shelf)).scalar_one()
        if stock + order.quantity > self._most:
            raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {self._most} copies of a book.")
        put_back = update(books).where(books.c.id == order.book_id).values(stock=stock + order.quantity)
        await transaction.execute(put_back)
        cancelled = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now())
        return OrderView.model_validate((await transaction.execute(cancelled.returning(orders))).one())


class ListOrders(OfCustomer):
    """Reads what a customer has ordered."""

    async def __call__(self, transaction: Transaction, customer_id: UUID) -> OrderList:
        """Answer a customer's orders, newest first."""
        await self._require_customer(transaction, customer_id)
        newest_first = (orders.c.placed_at.desc(), orders.c.id.desc())
        found = select(orders).where(orders.c.customer_id == customer_id).order_by(*newest_first)
        return OrderList(orders=[OrderView.model_validate(order) for order in await transaction.execute(found)])


router = APIRouter(prefix="/orders", tags=["orders"])
router.add_api_route("", PlaceOrder().handle, methods=["POST"], status_code=HTTPStatus.CREATED)
router.add_api_route("/{order_id}/cancel", CancelOrder(most=10_000).handle, methods=["POST"])
router.add_api_route("", ListOrders(), methods=["GET"])
