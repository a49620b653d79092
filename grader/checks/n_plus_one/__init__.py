"""Kata 03, fix the N+1: the order history of a school."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from grader.checks import Example, check, require
from grader.checks.answers import difference
from grader.checks.n_plus_one.reading import (
    Size,
    batches,
    detail,
    history,
    named,
    read,
    require_growth,
    require_proportion,
    require_round_trips,
)
from grader.checks.n_plus_one.shop import Shop
from grader.lab import Answer, Lab, Request, get, shortened
from grader.verdict import Evidence, Finding, Inconclusive, Place

if TYPE_CHECKING:
    from random import Random

    from grader.wire import Statement

MOST_STATEMENTS_OF_A_READ = 60
"""An order is placed before each statement of a read; a read of more statements than this is not explored."""


def example(random: Random) -> Example:
    """Return a school with a few orders, and one with many."""
    shop = Shop(random)
    few, many = shop.history(3), shop.history(50)
    order = shop.page(few)["orders"][0]
    return Example(shop.tables, (history(few), history(many), detail(order)))


@check(task=1, kind="cost")
async def statements_do_not_grow_with_orders(lab: Lab) -> None:
    """The number of statements does not grow with the number of orders."""
    shop = Shop(lab.random)
    customers = {orders: shop.history(orders, lines=1) for orders in (0, 1, 500, 501)}
    await lab.rows.insert(shop.tables)
    none, one, many, more = (
        Size(f"{orders} order{'s' * (orders != 1)}", history(customer), shop.page(customer, 1000))
        for orders, customer in customers.items()
    )
    of_one = len((await read(lab, one.request, one.due)).statements)
    of_many = await require_growth(lab, one, many, allowed=batches(*[499] * 6), of_small=of_one)
    await require_growth(lab, many, more, allowed=batches(*[1] * 6), of_small=len(of_many.statements))
    await require_growth(lab, one, none, allowed=0, of_small=of_one)


@check(task=1, kind="cost")
async def statements_do_not_grow_with_lines(lab: Lab) -> None:
    """The number of statements does not grow with the number of lines."""
    shop = Shop(lab.random)
    few, many = shop.history(3, lines=2), shop.history(3, lines=40)
    await lab.rows.insert(shop.tables)
    await require_growth(
        lab,
        Size("3 orders of 2 lines", history(few), shop.page(few, 1000)),
        Size("3 orders of 40 lines", history(many), shop.page(many, 1000)),
        allowed=batches(114, 114, 114),
    )


@check(task=1, kind="cost")
async def statements_do_not_grow_with_authors(lab: Lab) -> None:
    """The number of statements does not grow with the number of authors."""
    shop = Shop(lab.random)
    few, many = shop.history(2, authors=1), shop.history(2, authors=20)
    await lab.rows.insert(shop.tables)
    await require_growth(
        lab,
        Size("4 books of 1 author", history(few), shop.page(few, 1000)),
        Size("4 books of 20 authors", history(many), shop.page(many, 1000)),
        allowed=batches(76),
    )


@check(task=2, kind="cost")
async def rows_stay_proportional(lab: Lab) -> None:
    """Many lines and many payments do not multiply each other."""
    shop = Shop(lab.random)
    customer, author = shop.customer(), shop.author()
    books = [shop.book([author]) for _ in range(15)]
    for _ in range(2):
        shop.order(customer, books, payments=15)
    await lab.rows.insert(shop.tables)
    page = shop.page(customer, 1000)
    what = "of 15 lines and 15 payments"
    await require_proportion(lab, f"2 orders {what}", history(customer), page)
    await require_proportion(lab, f"one order {what}", detail(page["orders"][0]), page["orders"][0])


@check(task=2, kind="cost")
async def only_the_asked_rows_are_read(lab: Lab) -> None:
    """Rows that are not in the answer are not read."""
    shop = Shop(lab.random)
    customer, _ = shop.history(490, lines=0, payments=0), shop.history(100, lines=5)
    for _ in range(10):
        shop.order(customer, [shop.book(), shop.book()])
    await lab.rows.insert(shop.tables)
    page = shop.page(customer, 10)
    what = "of a customer with 500, beside another customer's 500 lines"
    await require_proportion(lab, f"the 10 newest orders {what}", history(customer, 10), page)
    await require_proportion(lab, f"one order {what}", detail(page["orders"][0]), page["orders"][0])


@check(task=2, kind="integrity")
async def every_order_exactly_once(lab: Lab) -> None:
    """Every order is there once, newest first, with its own lines, books, authors and payments."""
    shop = Shop(lab.random)
    customer, other = shop.customer(), shop.customer()
    first, second = sorted((shop.author(), shop.author()), key=lambda author: author["id"])
    shared, anonymous = shop.book([second, first]), shop.book([])
    books = [shop.book(3), shared, shop.book(1), anonymous]
    shop.order(customer, [])
    shop.order(customer, [], payments=0)
    whole = shop.order(customer, [*books, shared], payments=3)
    shop.order(customer, books[::-1], payments=0, placed_at=whole["placed_at"])
    shop.order(other, [shared, books[0]], payments=2)
    shop.order(customer, [shared], payments=2)
    await lab.rows.insert(shop.tables)

    page = shop.page(customer)
    for request in (history(customer), get("/orders", customer_id=customer["id"])):
        _require_equal(request, await lab.send(request), page)
    for order in page["orders"]:
        _require_equal(detail(order), await lab.send(detail(order)), order)


def _require_equal(request: Request, answer: Answer, due: dict[str, Any]) -> None:
    found = difference(answer.expect(200), due)
    require(
        found is None,
        done=f"wrote orders, among them some without lines or payments, and sent {named(request)}",
        seen=found or "",
        expected="every order once, newest first, lines by position, each with its own book, authors and payments",
    )


@check(task=3, kind="cost")
async def two_hundred_orders_in_forty_round_trips(lab: Lab) -> None:
    """200 orders take at most 40 round trips."""
    shop = Shop(lab.random)
    customer, small = shop.history(200), shop.history(1)
    await lab.rows.insert(shop.tables)
    due = shop.page(customer, 1000)
    await require_round_trips(lab, "200 orders", history(customer), due, most=40, after=history(small))


@check(task=3, kind="cost")
async def one_order_takes_few_round_trips(lab: Lab) -> None:
    """One order of 50 lines takes at most 20 round trips."""
    shop = Shop(lab.random)
    customer, other = shop.history(1, lines=50, authors=2, payments=2), shop.history(1)
    await lab.rows.insert(shop.tables)
    order, small = (shop.page(c)["orders"][0] for c in (customer, other))
    await require_round_trips(lab, "one order of 50 lines", detail(order), order, most=20, after=detail(small))


@check(task=4, kind="behaviour")
async def a_new_order_is_there_at_once(lab: Lab) -> None:
    """An order placed a moment ago is there, whichever replica is asked."""
    shop = Shop(lab.random)
    customer = shop.history(1, lines=1)
    await lab.rows.insert(shop.tables)
    for replica in ("A", "B"):
        (await lab.send(history(customer), to=replica)).expect(200)
    order = shop.order(customer, [shop.book()])
    await lab.rows.insert(shop.tables)
    for replica in ("A", "B"):
        for request, due in ((history(customer), shop.page(customer)), (detail(order), order)):
            found = difference((await lab.send(request, to=replica)).expect(200), due)
            require(
                found is None,
                done=f"read a history on both replicas, placed one more order, and sent {named(request)} to {replica}",
                seen=found or "",
                expected="an order is in every answer that begins after it was placed",
            )


@check(task=4, kind="race")
async def an_order_is_seen_whole_or_not_at_all(lab: Lab) -> None:
    """An order that is placed during a read is in the answer whole or not at all, wherever it falls."""
    for name in ("the history", "the order itself"):
        position, reached = 0, True
        while reached:
            position += 1
            if position > MOST_STATEMENTS_OF_A_READ:
                raise Inconclusive(
                    f"reading one order takes more than {MOST_STATEMENTS_OF_A_READ} statements; task 1 comes first"
                )
            reached = await _place_an_order_during(lab, name, position)


async def _place_an_order_during(lab: Lab, name: str, position: int) -> bool:
    """Place an order before statement `position` of a read; return whether the read had so many."""
    shop = Shop(lab.random)
    customer = shop.history(1, lines=1)
    books = [shop.book(), shop.book()]
    await lab.rows.insert(shop.tables)
    before = shop.page(customer)
    order = shop.order(customer, books)
    tables = shop.tables
    request = history(customer) if name == "the history" else detail(order)

    async def place() -> None:
        await lab.rows.insert(tables)

    answer, reached = await lab.send_holding(request, before=position, act=place)
    if request.path == "/orders":
        seen = answer.expect(200)
        found = difference(seen, before) and difference(seen, shop.page(customer))
    else:
        found = None if answer.expect(200, 404) and answer.status != 200 else difference(answer.expect(200), order)  # noqa: PLR2004 -- an HTTP status
    if found:
        statements = answer.statements[:position]
        raise Finding(
            f"read {name}, and placed an order of 2 lines and a payment before statement {position} of the read",
            found,
            "the order is in the answer whole, or not at all",
            (_order_of_events(statements, position),),
        )
    return reached


def _order_of_events(statements: tuple[Statement, ...], position: int) -> Evidence:
    lines = []
    for number, statement in enumerate(statements, 1):
        if number == position:
            lines.append("   ── an order is placed: INSERT order, 2 lines, 1 payment; COMMIT ──")
        text = textwrap.shorten(shortened(statement.text), 70, placeholder=" …")
        lines.append(f"{number:>2}  {text}  → {statement.rows} {'row' if statement.rows == 1 else 'rows'}")
    held = statements[position - 1] if position <= len(statements) else None
    place = Place(held.site.file, held.site.line) if held and held.site else None
    return Evidence("what happened, in this order", tuple(lines), place)


@check(task=5, kind="boundary")
async def limits_are_kept(lab: Lab) -> None:
    """A limit of 1 to 1000 is kept, 50 is the default, anything else is refused with 422."""
    shop = Shop(lab.random)
    reader, school, books = shop.customer(), shop.customer(), [shop.book(), shop.book()]
    for customer in [reader] * 2 + [school] * 51:
        shop.order(customer, books)
    await lab.rows.insert(shop.tables)
    for limit in ("0", "1001", "-1", "many"):
        answer = await lab.send(get("/orders", customer_id=reader["id"], limit=limit))
        answer.expect(422)
    for customer, query, shown in ((reader, {"limit": 1}, 1), (reader, {"limit": 1000}, 2), (school, {}, 50)):
        request = get("/orders", customer_id=customer["id"], **query)
        due = shop.page(customer, shown)
        found = difference((await lab.send(request)).expect(200), due)
        require(
            found is None,
            done=f"wrote {due['total']} orders and sent {named(request)}",
            seen=found or "",
            expected=f"the {shown} newest orders, and the total of all {due['total']}",
        )


@check(task=5, kind="boundary")
async def an_order_with_a_thousand_lines(lab: Lab) -> None:
    """An order of 1,000 lines is read like one of 10."""
    shop = Shop(lab.random)
    few, many = shop.history(1, lines=10), shop.history(1, lines=1000)
    await lab.rows.insert(shop.tables)
    small, large = (shop.page(customer)["orders"][0] for customer in (few, many))
    answer = await require_growth(
        lab,
        Size("an order of 10 lines", detail(small), small),
        Size("an order of 1,000 lines", detail(large), large),
        allowed=batches(990, 990, 990),
    )
    found = difference(answer.expect(200), large)
    require(
        found is None,
        done="read an order of 1,000 lines",
        seen=found or "",
        expected="every line is there, in order, with its own book",
    )


@check(task=5, kind="boundary")
async def unknown_and_empty(lab: Lab) -> None:
    """An unknown customer or order is a 404, a customer without orders an empty list, a broken id a 422."""
    shop = Shop(lab.random)
    customer = shop.history(0)
    await lab.rows.insert(shop.tables)
    unknown = shop.id()
    asked = (
        (get("/orders", customer_id=unknown), 404, "unknown"),
        (get(f"/orders/{unknown}"), 404, "unknown"),
        (get("/orders/seven"), 422, "no id"),
        (get("/orders", customer_id="seven"), 422, "no id"),
    )
    for request, status, what in asked:
        answer = await lab.send(request)
        problem = answer.expect(status)
        kind = answer.headers.get("content-type", "of no type")
        shown = problem.get("status") if isinstance(problem, dict) else None
        require(
            kind.startswith("application/problem+json") and shown == status,
            done=f"asked {request.path.replace(str(unknown), '{id}')} with an id that is {what}",
            seen=f"the body is {kind} with status {shown}",
            expected="a problem document (application/problem+json) whose status is that of the answer",
        )
    found = difference((await lab.send(history(customer))).expect(200), shop.page(customer))
    require(
        found is None,
        done="read the history of a customer who has ordered nothing",
        seen=found or "",
        expected="total 0 and no orders",
    )
