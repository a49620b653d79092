"""Orders to be paid for, the requests that pay for them, and what a payment must leave behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grader.checks import require
from grader.lab import Answer, Request
from grader.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from grader.checks.idempotency.gateway import Gateway
    from grader.lab import Lab

FEW = 4
"""More than so many payments are not counted out to the learner."""
PAID = (200, 201)
"""A payment was answered. That a replay is a 201 too is looked at by one check, which need not be every one's."""

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Order:
    """An order and whose it is."""

    id: str
    customer: str

    def pay(self, key: str, amount_cents: int) -> Request:
        """Return the request that pays so much for it with this key."""
        body = {"order_id": self.id, "amount_cents": amount_cents}
        headers = {"X-Customer-Id": self.customer, "Idempotency-Key": key}
        return Request("POST", "/payments", json=body, headers=headers)


class Shop:
    """Customers and their orders: `tables` holds all rows, to be written once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.tables: Tables = {"customers": [], "orders": []}

    def customer(self) -> str:
        """Add a customer; return the id."""
        customer = self._id()
        self.tables["customers"].append({"id": customer, "name": f"Reader {len(self.tables['customers']) + 1}"})
        return customer

    def order(self, customer: str | None = None) -> Order:
        """Add an order, of a new customer unless one is given."""
        order = Order(self._id(), customer or self.customer())
        self.tables["orders"].append({"id": order.id, "customer_id": order.customer})
        return order

    def key(self, length: int = 36) -> str:
        """Return a key that no other request has."""
        return "".join(self._random.choices("abcdefghijkmnopqrstuvwxyz23456789", k=length))

    def amount(self) -> int:
        """Return an amount in cents, none of them the same in a check of a few."""
        return 100 + self._random.randrange(99_900)

    def _id(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def with_key(request: Request, *keys: str) -> Request:
    """Return the request with these keys instead of its own: none, one, or a header for each of two."""
    headers = {"X-Customer-Id": request.headers["X-Customer-Id"]}
    headers |= dict(zip(("Idempotency-Key", "idempotency-key"), keys, strict=False))
    return replace(request, headers=headers)


async def require_effects(lab: Lab, gateway: Gateway, requests: Sequence[Request], *, done: str) -> None:
    """Require that these requests, and nothing else, have each left one payment, one ledger entry and one charge."""
    payments = await lab.rows.fetch(
        "SELECT id::text, order_id::text, amount_cents, charge_id FROM payments ORDER BY charge_id, id"
    )
    entries = await lab.rows.fetch("SELECT payment_id::text, amount_cents FROM ledger_entries ORDER BY id")
    charges = gateway.charges
    due = len(requests)
    evidence = _left_behind(payments, entries, gateway)
    counts = (len(payments), len(entries), len(charges))
    require(
        counts == (due, due, due),
        done=done,
        seen=_in_words(*counts),
        expected=f"it leaves {_in_words(due, due, due)}",
        evidence=evidence,
    )
    paid = sorted((order, amount) for _, order, amount, _ in payments)
    require(
        paid == sorted((request.json["order_id"], request.json["amount_cents"]) for request in requests),
        done=done,
        seen="a payment is not the one that was asked for",
        expected="order and amount of a payment are those of its request",
        evidence=evidence,
    )
    require(
        sorted(entries) == sorted((payment, amount) for payment, _, amount, _ in payments),
        done=done,
        seen="the ledger does not agree with the payments",
        expected="each payment has one ledger entry, of its amount",
        evidence=evidence,
    )
    require(
        sorted((charge, amount) for *_, amount, charge in payments) == sorted((c.id, c.amount_cents) for c in charges),
        done=done,
        seen="the charges do not agree with the payments",
        expected="each payment has a charge of its own, of its amount",
        evidence=evidence,
    )


def _in_words(payments: int, entries: int, charges: int) -> str:
    return (
        f"{_count(payments, 'payment', 'payments')}, {_count(entries, 'ledger entry', 'ledger entries')} "
        f"and {_count(charges, 'charge', 'charges')}"
    )


def _count(number: int, one: str, many: str) -> str:
    if number > FEW:  # how many of a crowd come through is chance
        return f"more than {FEW} {many}"
    return f"{number or 'no'} {one if number == 1 else many}"


def _left_behind(
    payments: list[tuple[Any, ...]], entries: list[tuple[Any, ...]], gateway: Gateway
) -> tuple[Evidence, ...]:
    if len(payments) > FEW or len(gateway.charges) > FEW:
        return ()
    numbers = {payment: number for number, (payment, *_) in enumerate(payments, 1)}
    lines = [f"payment {numbers[payment]}: {amount} cents, charge {charge}" for payment, _, amount, charge in payments]
    lines += sorted(
        f"ledger entry: {amount} cents of payment {numbers.get(payment, '?')}" for payment, amount in entries
    )
    lines += [
        f"charge {charge.id}: {charge.amount_cents} cents, {'with' if charge.key else 'without'} an Idempotency-Key"
        for charge in gateway.charges
    ]
    return (Evidence("what is in the tables and at the gateway", tuple(lines)),)


def require_same(answers: Sequence[Answer], *, done: str) -> None:
    """Require that all answers with a payment show the same one: the same Location, the same body."""
    first, *others = answers
    for other in others:
        found = _difference(first, other)
        require(
            found is None,
            done=done,
            seen=f"two answers for one key differ in {found}",
            expected="every 201 for a key has the same Location and the same body",
            evidence=(Evidence("the first", _shown(first, found)), Evidence("the other", _shown(other, found))),
        )


def _difference(one: Answer, other: Answer) -> str | None:
    if one.headers.get("location") != other.headers.get("location"):
        return "Location"
    seen, due = (_instants(answer.expect(*PAID)) for answer in (one, other))
    if seen == due:
        return None
    if not (isinstance(seen, dict) and isinstance(due, dict)):
        return "their bodies"
    return str(
        next(name for name in (*seen, *due) if seen.get(name) != due.get(name) or (name in seen) != (name in due))
    )


def _instants(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """Return the value with its timestamps as instants."""
    if isinstance(value, dict):
        return {name: _instants(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_instants(part) for part in value]
    if isinstance(value, str) and "T" in value and ":" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _shown(answer: Answer, field: str | None) -> tuple[str, ...]:
    body = answer.expect(*PAID)
    location = f"{answer.status}, Location: {answer.headers.get('location', 'none')}"
    return (location, f"{field}: {body[field]}") if isinstance(body, dict) and field in body else (location,)


def refusal(answer: Answer) -> tuple[Evidence, ...]:
    """Return the body of an answer as evidence, or nothing where it is a payment."""
    body = answer.body[:300].decode(errors="replace")
    return () if answer.status in PAID else (Evidence("the answer", (body,)),)
