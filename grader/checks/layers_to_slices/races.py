"""What must hold of two requests that meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checks import require
from grader.checks.layers_to_slices.shop import MOST, Row, fault_of, require_stock, route_of, shown
from grader.checks.layers_to_slices.tour import CONFLICT, CREATED, OK

if TYPE_CHECKING:
    from grader.lab import After, Answer, Holds


def _status(answer: Answer | None, done: str, success: int, kind: str) -> bool:
    """Whether a request succeeded; else it must have been refused with 409 and this kind of problem."""
    assert answer is not None  # noqa: S101 -- nothing is killed in an interleaving
    if answer.status == success:
        return True
    fault = fault_of(answer, CONFLICT, kind=kind)
    require(
        fault is None,
        done=done,
        seen=f"{route_of(str(answer.request))}: {fault}",
        expected=f"each is answered {success}, or 409 of the kind {kind}",
        evidence=shown(answer),
    )
    return False


def never_oversold(book: Row, quantities: tuple[int, int]) -> Holds:
    """Return the rule for two orders of which only one has enough: it is placed, and the stock is what it leaves."""
    done = f"ordered {quantities[0]} and {quantities[1]} copies of a book of which there are {book['stock']}"

    async def holds(after: After) -> None:
        placed = [_status(answer, done, CREATED, "not-enough-stock") for answer in after.answers]
        sold = sum(quantity for quantity, was in zip(quantities, placed, strict=True) if was)
        said = f"{placed.count(True)} of 2 orders were placed, {sold} copies in all"
        require(placed.count(True) == 1, done=done, seen=said, expected="one is placed, the other refused")
        await require_stock(after.lab, book, book["stock"] - sold, done, said)
        ((rows,),) = await after.lab.rows.fetch("SELECT count(*) FROM orders WHERE book_id = %s", book["id"])
        require(rows == 1, done=done, seen=f"{said}; there are {rows} rows in orders", expected="then there is 1")

    return holds


def cancelled_once(book: Row, order: Row) -> Holds:
    """Return the rule for two cancels of one order: one cancels, and the copies come back once."""
    done = f"cancelled an order of {order['quantity']} copies twice at the same time"

    async def holds(after: After) -> None:
        cancelled = [_status(answer, done, OK, "already-cancelled") for answer in after.answers].count(True)
        said = f"{cancelled} of 2 cancels were answered 200"
        await require_stock(after.lab, book, book["stock"] + order["quantity"], done, said)
        require(cancelled == 1, done=done, seen=said, expected="one is answered 200, the other 409")

    return holds


def placed_beside_cancelled(book: Row, order: Row, quantity: int) -> Holds:
    """Return the rule for an order that has enough only after the cancel of another."""
    there = f"there are {book['stock']} copies"
    done = f"cancelled an order of {order['quantity']} and placed one of {quantity} at the same time, where {there}"

    async def holds(after: After) -> None:
        cancel, place = after.answers
        cancelled = _status(cancel, done, OK, "too-much-stock")
        placed = _status(place, done, CREATED, "not-enough-stock")
        require(cancelled, done=done, seen="the cancel was answered 409", expected="there is room: it is answered 200")
        said = f"the cancel was answered 200, the order {CREATED if placed else CONFLICT}"
        left = book["stock"] + order["quantity"] - (quantity if placed else 0)
        await require_stock(after.lab, book, left, done, said)

    return holds


def within_bounds(book: Row, added: tuple[int, int], order: Row | None) -> Holds:
    """Return the rule for two that add copies of which only one has room: two restocks, or a restock and a cancel."""
    what = "restocked a book twice" if order is None else "restocked a book and cancelled an order of it"
    done = f"{what} at the same time, {added[0]} and {added[1]} copies where there is room for {MOST - book['stock']}"

    async def holds(after: After) -> None:
        did = [_status(answer, done, OK, "too-much-stock") for answer in after.answers]
        said = f"{did.count(True)} of 2 were answered 200"
        came = sum(quantity for quantity, was in zip(added, did, strict=True) if was)
        await require_stock(after.lab, book, book["stock"] + came, done, said)
        require(did.count(True) == 1, done=done, seen=said, expected="one is answered 200, the other 409")
        if order is not None:
            query = "SELECT cancelled_at IS NOT NULL FROM orders WHERE id = %s"
            ((cancelled,),) = await after.lab.rows.fetch(query, order["id"])
            require(
                cancelled == did[1],
                done=done,
                seen=f"the cancel was answered {OK if did[1] else CONFLICT}; the order is "
                f"{'cancelled' if cancelled else 'not cancelled'}",
                expected="an order is cancelled if and only if its copies came back",
            )

    return holds
