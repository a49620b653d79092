"""Customers, books, and the orders that are placed for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.lab import RedisIs, Request
from grader.verdict import Evidence, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from grader.lab import Answer, Lab

CREATED = 201
WEB = ("A", "B")
"""The replicas of the web service that orders are sent to."""

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was answered 201."""

    id: str
    request: Request

    @property
    def payload(self) -> dict[str, Any]:
        """What its event must say."""
        return {"order_id": self.id, "lines": self.request.json["lines"]}


class Shop:
    """A customer and books: `tables` holds all rows, to be written once."""

    def __init__(self, random: Random, books: int = 3) -> None:
        self._random = random
        self._customer = self.id()
        self._books = [self.id() for _ in range(books)]
        self.tables: Tables = {
            "customers": [{"id": self._customer, "name": "Reader"}],
            "books": [{"id": book, "title": f"Book {n}"} for n, book in enumerate(self._books, 1)],
        }

    def order(self, *books: int) -> Request:
        """Return the request for an order with a line for each of these books, by their numbers from 0."""
        lines = [{"book_id": self._books[n], "quantity": 1 + self._random.randrange(9)} for n in books or (0,)]
        return Request("POST", "/orders", json={"lines": lines}, headers={"X-Customer-Id": self._customer})

    def event(self, order: str | None = None) -> dict[str, Any]:
        """Return the payload of an event, of an order that nobody placed unless one is given."""
        return {"order_id": order or self.id(), "lines": self.order(0, 1).json["lines"]}

    def id(self) -> str:
        """Return a new id."""
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


async def place(lab: Lab, request: Request, *, to: str = "A") -> Placed:
    """Place an order; a Finding where it is not answered 201."""
    answer = await lab.send(request, to=to)
    return Placed(id_of(answer), request)


def id_of(answer: Answer) -> str:
    """Return the id of an order; a Finding where the answer is not 201."""
    if answer.status != CREATED:
        raise Finding(
            "placed an order, with Redis away from the web service",
            f"it was answered {answer.status}",
            "an order is answered 201, and its event comes through the relay",
            (Evidence("the answer", (answer.body[:300].decode(errors="replace"),)),),
        )
    return str(answer.json()["id"])


async def only_the_relay(lab: Lab) -> None:
    """Keep the web service from Redis, so that what reaches the stream has come through the relay."""
    await lab.let_redis_be(RedisIs.REFUSING, *WEB)


async def orders_of(lab: Lab) -> list[str]:
    """Return the orders that are committed."""
    return [order for (order,) in await lab.rows.fetch("SELECT id::text FROM orders ORDER BY id")]


async def slips_of(lab: Lab, orders: Sequence[str]) -> list[int]:
    """Return how many packing slips each of these orders has."""
    rows = dict(await lab.rows.fetch("SELECT order_id::text, count(*)::int FROM packing_slips GROUP BY order_id"))
    return [rows.get(order, 0) for order in orders]
