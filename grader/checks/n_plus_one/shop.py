"""Rows of the bookshop's order history, and the answers that they make."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_OPENING = datetime(2026, 3, 1, 9, tzinfo=UTC)

Row = dict[str, Any]


class Shop:
    """Customers, books and orders: `tables` holds the rows to write, the methods return what they add.

    Each order is placed a minute after the one before, each payment made a minute after its order.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tables: dict[str, list[Row]] = {
            name: [] for name in ("customers", "authors", "books", "book_authors", "orders", "order_lines", "payments")
        }
        self._orders: dict[str, list[Row]] = defaultdict(list)

    @property
    def tables(self) -> dict[str, list[Row]]:
        """The rows added since this was read last, by table, parents first."""
        added, self._tables = self._tables, {name: [] for name in self._tables}
        return added

    def id(self) -> str:
        """Return a key that no other row has, a UUID as text."""
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"

    def _add(self, table: str, **values: object) -> Row:
        row = {"id": self.id(), **values}
        self._tables[table].append(row)
        return row

    def customer(self) -> Row:
        """Add a customer."""
        return self._add("customers", name=f"School {self._random.randrange(10**6)}")

    def author(self) -> Row:
        """Add an author."""
        return self._add("authors", name=f"Author {self._random.randrange(10**6)}")

    def book(self, authors: Sequence[Row] | int = 1) -> Row:
        """Add a book by these authors, in this order, or by so many new ones."""
        book = self._add("books", title=f"Book {self._random.randrange(10**6)}")
        written_by = [self.author() for _ in range(authors)] if isinstance(authors, int) else authors
        for position, author in enumerate(written_by, 1):
            self._tables["book_authors"].append(
                {"book_id": book["id"], "position": position, "author_id": author["id"]}
            )
        return book | {"authors": [{"id": author["id"], "name": author["name"]} for author in written_by]}

    def order(
        self, customer: Row, books: Sequence[Row], *, payments: int = 1, placed_at: datetime | None = None
    ) -> Row:
        """Add an order of these books, a line each; return it as its answer shows it."""
        placed = placed_at or _OPENING + timedelta(minutes=len(self._orders[customer["id"]]))
        order = self._add("orders", customer_id=customer["id"], placed_at=placed)
        lines = [
            {
                "position": position,
                "quantity": 1 + self._random.randrange(5),
                "price_cents": self._random.randrange(9999),
            }
            for position in range(1, len(books) + 1)
        ]
        for line, book in reversed(list(zip(lines, books, strict=True))):
            self._tables["order_lines"].append({"order_id": order["id"], "book_id": book["id"], **line})
        paid = [
            self._add(
                "payments",
                order_id=order["id"],
                amount_cents=1 + self._random.randrange(9999),
                method=self._random.choice(["card", "cash", "invoice"]),
                paid_at=placed + timedelta(minutes=number),
            )
            for number in range(1, payments + 1)
        ]
        answer = {
            "id": order["id"],
            "placed_at": placed,
            "customer": {"id": customer["id"], "name": customer["name"]},
            "lines": [
                {**line, "book": {"id": book["id"], "title": book["title"], "authors": book["authors"]}}
                for line, book in zip(lines, books, strict=True)
            ],
            "payments": [_without(payment, "order_id") for payment in paid],
        }
        self._orders[customer["id"]].append(answer)
        return answer

    def history(self, orders: int, *, lines: int = 2, authors: int = 1, payments: int = 1) -> Row:
        """Add a customer with so many orders, each of so many lines of books of its own; return the customer."""
        customer = self.customer()
        for _ in range(orders):
            self.order(customer, [self.book(authors) for _ in range(lines)], payments=payments)
        return customer

    def page(self, customer: Row, limit: int = 50) -> dict[str, Any]:
        """Return the answer that lists a customer's orders."""
        orders = sorted(self._orders[customer["id"]], key=lambda o: (o["placed_at"], o["id"]), reverse=True)
        return {"total": len(orders), "orders": orders[:limit]}


def _without(row: Row, key: str) -> Row:
    return {name: value for name, value in row.items() if name != key}
