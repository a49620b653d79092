"""Load orders together with what belongs to them."""

from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.features.orders.tables import Order

IN_FULL: tuple[ORMOption, ...] = (
    selectinload(Order.customer),
    selectinload(Order.lines),
    selectinload(Order.payments),
)
