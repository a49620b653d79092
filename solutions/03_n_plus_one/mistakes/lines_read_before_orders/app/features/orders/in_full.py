"""Load what belongs to the orders that a subquery names, and put it together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.features.orders.tables import Book, BookAuthor, Customer, Order, OrderLine, Payment
from app.features.orders.views import CustomerView, LineView, OrderView, PaymentView


async def load_lines(session: AsyncSession, shown: Select[UUID]) -> Mapping[UUID, Sequence[OrderLine]]:
    """Load the lines of each order with books and authors."""
    in_order = (
        select(OrderLine)
        .where(OrderLine.order_id.in_(shown))
        .order_by(OrderLine.order_id, OrderLine.position)
        .options(
            joinedload(OrderLine.book, innerjoin=True)
            .selectinload(Book.cover)
            .joinedload(BookAuthor.author, innerjoin=True)
        )
    )
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for line in await session.scalars(in_order):
        lines[line.order_id].append(line)
    return lines


async def load_payments(session: AsyncSession, shown: Select[UUID]) -> Mapping[UUID, Sequence[Payment]]:
    """Load the payments of each order."""
    payments: dict[UUID, list[Payment]] = defaultdict(list)
    for payment in await session.scalars(
        select(Payment).where(Payment.order_id.in_(shown)).order_by(Payment.paid_at, Payment.id)
    ):
        payments[payment.order_id].append(payment)
    return payments


def put_together(
    order: Order,
    customer: Customer,
    lines: Mapping[UUID, Sequence[OrderLine]],
    payments: Mapping[UUID, Sequence[Payment]],
) -> OrderView:
    """Describe an order in full."""
    return OrderView(
        id=order.id,
        placed_at=order.placed_at,
        customer=CustomerView.model_validate(customer),
        lines=[LineView.model_validate(line) for line in lines.get(order.id, ())],
        payments=[PaymentView.model_validate(payment) for payment in payments.get(order.id, ())],
    )
