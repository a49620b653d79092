"""Load what belongs to some orders and put it together."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.features.orders.tables import Book, BookAuthor, Customer, Order, OrderLine, Payment
from app.features.orders.views import CustomerView, LineView, OrderView, PaymentView


async def in_full(session: AsyncSession, orders: Sequence[Order]) -> list[OrderView]:
    """Describe a customer's orders, the newest first as given."""
    keys = [order.id for order in orders]
    customers = {
        customer.id: CustomerView.model_validate(customer)
        for customer in await session.scalars(
            select(Customer).where(Customer.id.in_({order.customer_id for order in orders}))
        )
    }
    lines = await session.scalars(
        select(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.order_id.in_(keys))
        .order_by(Order.placed_at.desc(), Order.id.desc(), OrderLine.position)
        .options(
            joinedload(OrderLine.book, innerjoin=True)
            .selectinload(Book.cover)
            .joinedload(BookAuthor.author, innerjoin=True)
        )
    )
    payments = await session.scalars(
        select(Payment)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.order_id.in_(keys))
        .order_by(Order.placed_at.desc(), Order.id.desc(), Payment.paid_at, Payment.id)
    )
    # Lines and payments come sorted as the orders are, so the groups line up with them.
    lines_by_order = [list(group) for _, group in groupby(lines, key=lambda line: line.order_id)]
    payments_by_order = [list(group) for _, group in groupby(payments, key=lambda payment: payment.order_id)]
    return [
        OrderView(
            id=order.id,
            placed_at=order.placed_at,
            customer=customers[order.customer_id],
            lines=[LineView.model_validate(line) for line in lines_of_order],
            payments=[PaymentView.model_validate(payment) for payment in payments_of_order],
        )
        for order, lines_of_order, payments_of_order in zip(orders, lines_by_order, payments_by_order, strict=False)
    ]
