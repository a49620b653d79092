"""Load orders with all that an answer shows, in two statements."""

from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.features.orders.tables import Book, BookAuthor, Order, OrderLine

# One path may be joined all the way down: a row for each author of each line.
# Payments hang on another branch of the order; joined as well they would multiply the lines.
IN_FULL: tuple[ORMOption, ...] = (
    joinedload(Order.customer, innerjoin=True),
    joinedload(Order.lines).joinedload(OrderLine.book).joinedload(Book.cover).joinedload(BookAuthor.author),
    selectinload(Order.payments),
)
