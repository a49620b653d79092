"""Load orders with all that an answer shows, in four statements for any number of them."""

from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.features.orders.tables import Book, BookAuthor, Order, OrderLine

# To one: a join, since it adds columns and no rows.
# To many: a statement of its own, `WHERE … IN (500 keys)`. Joining lines and payments to the same order
# would give every line once for each payment.
IN_FULL: tuple[ORMOption, ...] = (
    joinedload(Order.customer, innerjoin=True),
    selectinload(Order.lines)
    .joinedload(OrderLine.book, innerjoin=True)
    .selectinload(Book.cover)
    .joinedload(BookAuthor.author, innerjoin=True),
    selectinload(Order.payments),
)
