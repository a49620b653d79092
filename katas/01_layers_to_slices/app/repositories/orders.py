"""The rows of orders."""

from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.book import Book
from app.models.customer import Customer
from app.models.order import Order, orders
from app.shared.errors import NotFoundError


class OrderRepository:
    """Reads and writes orders within one transaction."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._transaction = transaction

    async def add(self, customer: Customer, book: Book, quantity: int) -> Order:
        """Write an order of today, at today's price."""
        row = {
            "customer_id": customer.id,
            "book_id": book.id,
            "quantity": quantity,
            "price_cents": book.price_cents,
            "placed_at": func.now(),
        }
        statement = insert(orders).values(row).returning(orders)
        return Order(*(await self._transaction.execute(statement)).one())

    async def lock(self, order_id: UUID) -> Order:
        """Read an order, and keep others from changing it before this transaction ends; NotFoundError if it is not."""
        statement = select(orders).where(orders.c.id == order_id).with_for_update()
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise NotFoundError(thing="order", key=order_id)
        return Order(*row)

    async def mark_cancelled(self, order_id: UUID) -> Order:
        """Write that an order is cancelled now."""
        statement = update(orders).where(orders.c.id == order_id).values(cancelled_at=func.now()).returning(orders)
        return Order(*(await self._transaction.execute(statement)).one())

    async def of_customer(self, customer: Customer) -> list[Order]:
        """Read the orders of a customer, newest first."""
        newest_first = (orders.c.placed_at.desc(), orders.c.id.desc())
        statement = select(orders).where(orders.c.customer_id == customer.id).order_by(*newest_first)
        return [Order(*row) for row in await self._transaction.execute(statement)]
