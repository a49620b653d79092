"""Reading an order history and counting what that takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from grader.checks import require
from grader.checks.answers import count_objects
from grader.lab import Answer, Lab, Request, Stopped, get, most_repeated, shortened
from grader.verdict import Evidence, Finding, Place

if TYPE_CHECKING:
    from grader.checks.n_plus_one.shop import Row
    from grader.wire import Statement

MARGIN = 20
"""Statements by which a request may be over its allowance before it is stopped; what it would send more is no news."""


def history(customer: Row, limit: int = 1000) -> Request:
    """Return the request for a customer's orders."""
    return get("/orders", customer_id=customer["id"], limit=limit)


def detail(order: Row) -> Request:
    """Return the request for one order."""
    return get(f"/orders/{order['id']}")


def named(request: Request) -> str:
    """Return the request without the keys that differ from run to run."""
    if request.path == "/orders":
        limit = request.params.get("limit")
        return "GET /orders?customer_id=…" + (f"&limit={limit}" if limit else "")
    return "GET /orders/{id}"


@dataclass(frozen=True, slots=True)
class Size:
    """A request and how large its answer is, in words."""

    name: str
    request: Request
    due: dict[str, Any]


async def read(lab: Lab, request: Request, expected: dict[str, Any], *, most: int | None = None) -> Answer:
    """Return the answer after seeing that it holds as many of everything as the rows do; Stopped well above `most`."""
    answer = await lab.send(request, most_statements=None if most is None else most + MARGIN)
    shown, due = count_objects(answer.expect(200)), count_objects(expected)
    require(
        shown == due,
        done=f"sent {named(request)}",
        seen=f"the answer holds {shown} objects (orders, lines, books, authors, payments); the rows make {due}",
        expected="an answer is whole before it is cheap",
    )
    return answer


async def require_growth(lab: Lab, small: Size, large: Size, *, allowed: int, of_small: int | None = None) -> Answer:
    """Require that the large request takes at most `allowed` statements more than the small one; return its answer.

    `of_small` is what the small one took, where that is known.
    """
    if of_small is None:
        of_small = len((await read(lab, small.request, small.due)).statements)
    done = f"read {small.name}, then {large.name}, and counted the statements"
    expected = f"between the two the number of statements grows by at most {allowed}"
    try:
        answer = await read(lab, large.request, large.due, most=of_small + allowed)
    except Stopped as stopped:
        taken = len(stopped.statements)
        seen = f"{small.name} took {of_small} statements; {large.name} had taken {taken} when it was stopped"
        raise Finding(done, seen, expected, (most_repeated(stopped.statements),)) from None
    require(
        len(answer.statements) - of_small <= allowed,
        done=done,
        seen=f"{small.name} took {of_small} statements, {large.name} took {len(answer.statements)}",
        expected=expected,
        evidence=(answer.most_repeated(),),
    )
    return answer


def batches(*parents: int) -> int:
    """Return the statements that loaders in batches of 100 may send for so many more parents of each relation."""
    return sum(ceil(number / 100) for number in parents)


async def require_proportion(lab: Lab, what: str, request: Request, expected: dict[str, Any]) -> None:
    """Require that the servers send no more for a request than a small multiple of its answer."""
    answer = await lab.send(request)
    objects = count_objects(answer.expect(200))
    most_rows, most_bytes = 2 * objects + 50, 10 * len(answer.body) + (64 << 10)
    sent = sum(s.bytes for s in answer.statements)
    done = f"read {what}, and counted what the database sent"
    limits = "at most 2 rows for each object in the answer and 50, at most 10 times its bytes and 64 KiB"
    most = f"at most {most_rows} are proportional"
    require(
        answer.rows <= most_rows,
        done=done,
        seen=f"{answer.rows} rows were fetched for an answer of {objects} objects; {most}",
        expected=limits,
        evidence=(heaviest(answer.statements),),
    )
    require(
        sent <= most_bytes,
        done=done,
        seen=f"{sent} bytes were fetched for an answer of {len(answer.body)}; at most {most_bytes} are proportional",
        expected=limits,
        evidence=(heaviest(answer.statements),),
    )
    due = count_objects(expected)
    require(
        objects == due,
        done=done,
        seen=f"the answer holds {objects} objects (orders, lines, books, authors, payments); the rows make {due}",
        expected="an answer is whole before it is cheap",
    )


def heaviest(statements: tuple[Statement, ...]) -> Evidence:
    """Return the statement that fetched most, with its place, as evidence."""
    found = max(statements, key=lambda s: (s.rows, s.bytes))
    place = Place(found.site.file, found.site.line) if found.site else None
    return Evidence(f"this one fetched {found.rows} rows", (shortened(found.text),), place)


async def require_round_trips(  # noqa: PLR0913 -- by name
    lab: Lab, what: str, request: Request, due: dict[str, Any], *, most: int, after: Request
) -> None:
    """Require that a request takes at most `most` round trips where the replica has answered `after` before."""
    done = f"read {what} from a replica that has answered before, and counted round trips"
    expected = f"at most {most} round trips, BEGIN and COMMIT included: at 2 ms each {most * 2} ms"
    await lab.send(after)
    try:
        answer = await read(lab, request, due, most=most)
    except Stopped as stopped:
        sent = len(stopped.statements)
        seen = f"it had sent {sent} statements when it was stopped, most in a round trip of their own"
        raise Finding(done, seen, expected, (most_repeated(stopped.statements),)) from None
    require(
        answer.round_trips <= most,
        done=done,
        seen=f"it took {answer.round_trips} round trips, at 2 ms each {answer.round_trips * 2} ms",
        expected=expected,
        evidence=(answer.most_repeated(),),
    )
