"""What the shop does with orders."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.order import Order
from app.repositories.customers import CustomerRepository
from app.repositories.orders import OrderRepository
from app.services.stock import StockService
from app.shared.errors import ConflictError


class OrderService:
    """Places, cancels and lists orders within one transaction."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._customers = CustomerRepository(transaction)
        self._orders = OrderRepository(transaction)
        self._stock = StockService(transaction)

    async def place(self, customer_id: UUID, book_id: UUID, quantity: int) -> Order:
        """Take the copies from the shelf, and note who ordered them."""
        customer = await self._customers.find(customer_id)
        book = await self._stock.take(book_id, quantity)
        return await self._orders.add(customer, book, quantity)

    async def cancel(self, order_id: UUID) -> Order:
        """Cancel an order, and put its copies back; ConflictError where it is cancelled already."""
        order = await self._orders.lock(order_id)
        if order.cancelled_at is not None:
            raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")
        await self._stock.add(order.book_id, order.quantity)
        return await self._orders.mark_cancelled(order_id)

    async def list_of(self, customer_id: UUID) -> list[Order]:
        """Read what a customer has ordered, newest first."""
        return await self._orders.of_customer(await self._customers.find(customer_id))
