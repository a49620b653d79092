"""What a client sends that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.checks.layers_to_slices.shop import cancel, orders_of, place, register, restock
from grader.checks.layers_to_slices.tour import INVALID, NOT_FOUND, Visit
from grader.lab import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

QUANTITIES: tuple[Any, ...] = (0, -1, 10_001, 10**30, -(10**30), 1.5, "two", None, True)
NAMES: tuple[Any, ...] = ("", "a\x00b", "x" * 201, 7, None)
MALFORMED = ('{"quantity": 1', "", "[]", "quantity=1", "\x00")


def odd_requests(customer: str, book: str, unknown: str) -> Iterator[Visit]:
    """Yield requests that every slice refuses; `unknown` is a key that no row has."""
    for quantity in QUANTITIES:
        yield Visit(f"restocked {_short(quantity)} copies", restock(book, quantity), INVALID)
        yield Visit(f"ordered {_short(quantity)} copies", place(customer, book, quantity), INVALID)
    for name in NAMES:
        yield Visit(f"registered a customer named {_short(name)}", register(name), INVALID)
    for text in MALFORMED:
        for path in ("/customers", f"/books/{book}/restock", "/orders"):
            yield Visit(f"sent the body {text!r}", Request("POST", path, text=text), INVALID)
    for key in ("7", "no-uuid", b"\x00".hex()):
        yield Visit(f"restocked the book {key}", restock(key, 1), INVALID)
        yield Visit(f"cancelled the order {key}", cancel(key), INVALID)
        yield Visit(f"listed the orders of {key}", orders_of(key), INVALID)
        yield Visit(f"ordered the book {key}", place(customer, key, 1), INVALID)
    yield Visit("restocked an unknown book", restock(unknown, 1), NOT_FOUND)
    yield Visit("ordered an unknown book", place(customer, unknown, 1), NOT_FOUND)
    yield Visit("ordered for an unknown customer", place(unknown, book, 1), NOT_FOUND)
    yield Visit("cancelled an unknown order", cancel(unknown), NOT_FOUND)
    yield Visit("listed an unknown customer's orders", orders_of(unknown), NOT_FOUND)
    for method, path in (("DELETE", "/orders"), ("GET", "/customers"), ("PUT", f"/books/{book}/restock")):
        yield Visit(f"sent {method} to {path.split('/')[1]}", Request(method, path), 405)
    yield Visit("asked for what is not there", Request("GET", "/lamps"), NOT_FOUND)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:20]}… of {len(text)} characters"  # noqa: PLR2004 -- what fits in a line
