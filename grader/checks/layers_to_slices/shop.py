"""Rows of the shop, the requests that are sent to it, and what an answer must say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from grader.checks import require
from grader.checks.answers import difference
from grader.lab import Answer, Request, get
from grader.verdict import Evidence

if TYPE_CHECKING:
    from random import Random

    from grader.lab import Lab

MOST = 10_000
_OPENING = datetime(2026, 3, 1, 9, tzinfo=UTC)

Row = dict[str, Any]


class Shop:
    """Customers, books and orders: `tables` holds the rows to write, the methods return what they add."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.tables: dict[str, list[Row]] = {"customers": [], "books": [], "orders": []}

    def id(self) -> str:
        """Return a key that no row has, a UUID as text."""
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"

    def _add(self, table: str, **values: object) -> Row:
        row = {"id": self.id(), **values}
        self.tables[table].append(row)
        return row

    def customer(self) -> Row:
        """Add a customer."""
        return self._add("customers", name=f"Reader {self._random.randrange(10**6)}")

    def book(self, stock: int) -> Row:
        """Add a book of which there are so many copies."""
        title = f"Lantern {self._random.randrange(10**6)}"
        return self._add("books", title=title, price_cents=self._random.randrange(500, 5000), stock=stock)

    def order(self, customer: Row, book: Row, quantity: int, *, cancelled: bool = False) -> Row:
        """Add an order, placed a minute after the one before; its copies are not taken from the stock."""
        placed_at = _OPENING + timedelta(minutes=len(self.tables["orders"]))
        return self._add(
            "orders",
            customer_id=customer["id"],
            book_id=book["id"],
            quantity=quantity,
            price_cents=book["price_cents"],
            placed_at=placed_at,
            cancelled_at=placed_at + timedelta(seconds=30) if cancelled else None,
        )


def register(name: object) -> Request:
    """Return the request that registers a customer."""
    return Request("POST", "/customers", json={"name": name})


def restock(book_id: str, quantity: object) -> Request:
    """Return the request that puts copies of a book on the shelf."""
    return Request("POST", f"/books/{book_id}/restock", json={"quantity": quantity})


def place(customer_id: str, book_id: str, quantity: object) -> Request:
    """Return the request that orders copies of a book."""
    return Request("POST", "/orders", json={"customer_id": customer_id, "book_id": book_id, "quantity": quantity})


def cancel(order_id: str) -> Request:
    """Return the request that cancels an order."""
    return Request("POST", f"/orders/{order_id}/cancel")


def orders_of(customer_id: str) -> Request:
    """Return the request for a customer's orders."""
    return get("/orders", customer_id=customer_id)


def route_of(request: str) -> str:
    """Return the route that a request, written as `POST /orders/…/cancel`, is for, in the words of the brief."""
    noun = {"books": "{book_id}", "orders": "{order_id}"}
    return re.sub(r"/(books|orders)/[^/?]+", lambda found: f"/{found[1]}/{noun[found[1]]}", request.partition("?")[0])


def fault_of(answer: Answer, status: int, body: object = None, kind: str = "") -> str | None:
    """Return how an answer differs from the status and, within its body, from what is wanted; None where it does not.

    A refusal must be a problem document, whose type ends in `kind`.
    """
    if answer.status != status:
        return f"it is answered {answer.status}, not {status}"
    if status < HTTPStatus.BAD_REQUEST:
        return difference(answer.json(), body) if body is not None else None
    form = answer.header("content-type") or "of no type"
    if not form.startswith("application/problem+json"):
        return f"the body of the {status} is {form}, not application/problem+json"
    found = answer.json()
    problem = found if isinstance(found, dict) else {}
    if problem.get("status") != status:
        return f"the problem's status is {problem.get('status')}, that of the answer {status}"
    if not str(problem.get("type")).endswith(kind):
        return f"the problem's type is {problem.get('type')}, which does not end in {kind}"
    return None


def shown(answer: Answer) -> tuple[Evidence, ...]:
    """Return the body of an answer as evidence."""
    text = answer.body[:400].decode(errors="replace")
    return (Evidence("the answer", (text,)),) if text else ()


async def require_stock(lab: Lab, book: Row, stock: int, done: str, because: str) -> None:
    """Require that so many copies of a book are there now."""
    ((found,),) = await lab.rows.fetch("SELECT stock FROM books WHERE id = %s", book["id"])
    require(
        found == stock,
        done=done,
        seen=f"{because}; of {book['stock']} copies there are {found} now",
        expected=f"then there are {stock}",
    )
