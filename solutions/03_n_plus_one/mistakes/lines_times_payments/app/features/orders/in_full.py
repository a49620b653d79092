"""Load orders with all that an answer shows, in one statement."""

from sqlalchemy.orm import joinedload
from sqlalchemy.orm.interfaces import ORMOption

from app.features.orders.tables import Book, BookAuthor, Order, OrderLine

IN_FULL: tuple[ORMOption, ...] = (
    joinedload(Order.customer, innerjoin=True),
    joinedload(Order.lines).joinedload(OrderLine.book).joinedload(Book.cover).joinedload(BookAuthor.author),
    joinedload(Order.payments),
)
