"""Load orders with lines, books and payments."""

from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.features.orders.tables import Order, OrderLine

IN_FULL: tuple[ORMOption, ...] = (
    joinedload(Order.customer, innerjoin=True),
    selectinload(Order.lines).joinedload(OrderLine.book, innerjoin=True),
    selectinload(Order.payments),
)
