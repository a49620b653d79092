"""Every route under all of its outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.checks.layers_to_slices.shop import (
    MOST,
    Row,
    Shop,
    cancel,
    fault_of,
    orders_of,
    place,
    register,
    restock,
    route_of,
)

if TYPE_CHECKING:
    from random import Random

    from grader.lab import Answer, Lab, Request

CREATED, OK, NOT_FOUND, METHOD_NOT_ALLOWED, CONFLICT, INVALID = 201, 200, 404, 405, 409, 422


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, what it does in words, and what it must be answered; `kind` is that of the problem."""

    does: str
    request: Request
    status: int
    body: Any = None
    kind: str = ""

    @property
    def route(self) -> str:
        """The route that it is for."""
        return route_of(str(self.request))

    def fault(self, answer: Answer) -> str | None:
        """Return how an answer differs from the one that is wanted."""
        return fault_of(answer, self.status, self.body, self.kind)


class Tour:
    """Visits to every route, the one that succeeds first, each with rows of its own; and the stock that they leave."""

    def __init__(self, random: Random) -> None:
        self.shop = shop = Shop(random)
        self._stocks: list[tuple[str, Row, int]] = []
        customer = shop.customer()
        self.visits = [
            *self._customers(),
            *self._books(),
            *self._placing(customer),
            *self._cancelling(customer),
            *self._listing(),
        ]

    @property
    def tables(self) -> dict[str, list[Row]]:
        """The rows that it needs."""
        return self.shop.tables

    async def stock_faults(self, lab: Lab) -> dict[str, str]:
        """Return for each route, if all of its visits were made, how the stock it has left is wrong."""
        rows = dict(await lab.rows.fetch("SELECT id::text, stock FROM books"))
        return {
            route: f"of {book['stock']} copies {rows.get(book['id'])} are left, not {stock}"
            for route, book, stock in reversed(self._stocks)
            if rows.get(book["id"]) != stock
        }

    def _book(self, route: str, stock: int, left: int) -> Row:
        """Add a book with copies, and remember how many the visits to a route leave of them."""
        book = self.shop.book(stock)
        self._stocks.append((route, book, left))
        return book

    def _customers(self) -> list[Visit]:
        name = "Ida of the Lamp"
        return [
            Visit("registered a customer", register(name), CREATED, {"name": name}),
            Visit("registered a customer without a name", register(""), INVALID, kind="invalid-request"),
        ]

    def _books(self) -> list[Visit]:
        route = "POST /books/{book_id}/restock"
        some = self._book(route, 3, 7)
        many = self._book(route, MOST - 10, MOST - 10)
        unknown = self.shop.id()
        return [
            Visit("restocked a book", restock(some["id"], 4), OK, some | {"stock": 7}),
            Visit("restocked a book that is not there", restock(unknown, 4), NOT_FOUND, kind="book-not-found"),
            Visit("restocked more than a shelf holds", restock(many["id"], 11), CONFLICT, kind="too-much-stock"),
            Visit("restocked 0 copies", restock(many["id"], 0), INVALID, kind="invalid-request"),
        ]

    def _placing(self, customer: Row) -> list[Visit]:
        some = self._book("POST /orders", 5, 3)
        few = self._book("POST /orders", 2, 2)
        unknown = self.shop.id()
        made = {
            "customer_id": customer["id"],
            "book_id": some["id"],
            "quantity": 2,
            "price_cents": some["price_cents"],
            "cancelled_at": None,
        }
        buyer, short = customer["id"], few["id"]
        return [
            Visit("placed an order", place(buyer, some["id"], 2), CREATED, made),
            Visit("ordered a book that is not there", place(buyer, unknown, 2), NOT_FOUND, kind="book-not-found"),
            Visit("ordered for nobody", place(unknown, short, 2), NOT_FOUND, kind="customer-not-found"),
            Visit("ordered more than is there", place(buyer, short, 3), CONFLICT, kind="not-enough-stock"),
            Visit("ordered 0 copies", place(buyer, short, 0), INVALID, kind="invalid-request"),
        ]

    def _cancelling(self, customer: Row) -> list[Visit]:
        route = "POST /orders/{order_id}/cancel"
        some, many = self._book(route, 4, 7), self._book(route, MOST - 1, MOST - 1)
        order = self.shop.order(customer, some, 3)
        gone = self.shop.order(customer, some, 2, cancelled=True)
        large = self.shop.order(customer, many, 2)
        kept = {key: order[key] for key in ("id", "customer_id", "book_id", "quantity", "price_cents", "placed_at")}
        unknown = self.shop.id()
        return [
            Visit("cancelled an order", cancel(order["id"]), OK, kept),
            Visit("cancelled it again", cancel(order["id"]), CONFLICT, kind="already-cancelled"),
            Visit("cancelled an order that was cancelled", cancel(gone["id"]), CONFLICT, kind="already-cancelled"),
            Visit("cancelled more than a shelf holds", cancel(large["id"]), CONFLICT, kind="too-much-stock"),
            Visit("cancelled an order that is not there", cancel(unknown), NOT_FOUND, kind="order-not-found"),
        ]

    def _listing(self) -> list[Visit]:
        reader, nobody = self.shop.customer(), self.shop.customer()
        book = self.shop.book(9)
        orders = [self.shop.order(reader, book, n, cancelled=n == 2) for n in (1, 2, 3)]  # noqa: PLR2004 -- one of them
        unknown = self.shop.id()
        return [
            Visit("listed a customer's orders", orders_of(reader["id"]), OK, {"orders": orders[::-1]}),
            Visit("listed those of one who has none", orders_of(nobody["id"]), OK, {"orders": []}),
            Visit("listed those of nobody", orders_of(unknown), NOT_FOUND, kind="customer-not-found"),
            Visit("listed those of a word", orders_of("everybody"), INVALID, kind="invalid-request"),
        ]
