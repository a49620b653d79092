"""Payments that meet each other, and payments that meet a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checks import require
from grader.checks.idempotency.gateway import Gateway
from grader.checks.idempotency.shop import PAID, Shop, refusal, require_effects, require_same
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.lab import After, Answer, Lab, Request

PATIENCE = 5.0
"""Seconds for which a request is tried again where the brief lets it be answered 409 for CLAIM_SECONDS, which is 1."""
BEING_PAID = 409
OTHER_PAYLOAD = 422


async def require_one_effect_of_two(lab: Lab, *, redis_forgets: bool = False) -> None:
    """Send one payment to two replicas, in every interleaving, and require one effect and one answer.

    Where Redis forgets, all it holds before each step, an answer may be a 5xx that a later try mends.
    """
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = Gateway()
    lab.outside = gateway
    emptied = ", and emptied Redis before each of their steps" if redis_forgets else ""
    done = f"sent one payment to both replicas{emptied}"

    async def holds(after: After) -> None:
        answers = _answered(after)
        if not redis_forgets:
            for answer in answers:
                require_paid_or_told_to_wait(answer, done=done)
        await require_one_payment(after.lab, gateway, request, answers, done=done)

    between = lab.flush_redis if redis_forgets else None
    await lab.every_interleaving(given=shop.tables, requests=[request, request], holds=holds, between=between)


async def require_one_of_two_payloads(lab: Lab) -> None:
    """Send two payments with one key to two replicas, in every interleaving, and require that one is made."""
    shop = Shop(lab.random)
    order, key, amount = shop.order(), shop.key(), shop.amount()
    one, other = order.pay(key, amount), order.pay(key, amount + 1)
    gateway = Gateway()
    lab.outside = gateway
    done = "sent two different payments with one key to both replicas"

    async def holds(after: After) -> None:
        answers = _answered(after)
        paid = [request for request, answer in zip((one, other), answers, strict=True) if answer.status in PAID]
        statuses = " and ".join(str(answer.status) for answer in answers)
        require(
            len(paid) == 1 and all(answer.status in {*PAID, BEING_PAID, OTHER_PAYLOAD} for answer in answers),
            done=done,
            seen=f"they were answered {statuses}",
            expected="one of them is paid, and the other is answered 422, or 409 while the first still runs",
        )
        refused = other if paid == [one] else one
        await after.lab.send_until(refused, (OTHER_PAYLOAD,), PATIENCE)
        await require_effects(after.lab, gateway, paid, done=done)

    await lab.every_interleaving(given=shop.tables, requests=[one, other], holds=holds)


async def require_one_effect_after_every_crash(lab: Lab) -> None:
    """Crash a payment at every point, retry it on the other replica, and require one effect and one answer."""
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = Gateway()
    lab.outside = gateway
    done = "sent a payment, let it crash on its way, and sent it again to the other replica"

    async def holds(after: After) -> None:
        first, again = after.answers
        answers = [answer for answer in (first, again) if answer and (answer is again or answer.status in PAID)]
        # A claim that the crash left behind may be answered 409 until CLAIM_SECONDS have passed.
        await require_one_payment(after.lab, gateway, request, answers, done=done)

    await lab.every_crash(given=shop.tables, request=request, holds=holds, retry=True)


async def require_one_payment(
    lab: Lab, gateway: Gateway, request: Request, answers: Sequence[Answer], *, done: str
) -> None:
    """Require that a request whose last answer was no payment is paid when it is tried again, and all in all once."""
    paid = [answer for answer in answers if answer.status in PAID]
    if paid:
        await require_effects(lab, gateway, [request], done=done)
    if len(paid) < len(answers):
        paid.append(await until_paid(lab, request, done=done))
        await require_effects(lab, gateway, [request], done=f"{done}, and once more until it was paid")
    require_same(paid, done=done)


async def until_paid(lab: Lab, request: Request, *, done: str, to: str = "A") -> Answer:
    """Send a request again until it is paid, for as long as the brief lets it be refused; else a Finding."""
    try:
        return await lab.send_until(request, PAID, PATIENCE, to=to)
    except Finding as finding:
        raise Finding(
            done,
            f"tried again for {PATIENCE:g} seconds, it was still not paid: {finding.seen}",
            "a later try is answered 201; a claim that was left behind is answered 409 for at most CLAIM_SECONDS",
            finding.evidence[:1],
        ) from finding


def require_paid_or_told_to_wait(answer: Answer, *, done: str) -> None:
    """Require that a request beside which the same one may run was paid, or answered 409 with Retry-After."""
    require(
        answer.status in {*PAID, BEING_PAID},
        done=done,
        seen=f"one of them was answered {answer.status}",
        expected="each is answered 201, or 409 with Retry-After while another one with its key still runs",
        evidence=refusal(answer),
    )
    require(
        answer.status in PAID or "retry-after" in answer.headers,
        done=done,
        seen="one of them was answered 409 without Retry-After",
        expected="a 409 says in Retry-After when to come again",
    )


def _answered(after: After) -> list[Answer]:
    answers = [answer for answer in after.answers if answer is not None]
    if len(answers) != len(after.answers):
        raise Finding("sent two payments at once", "one of them was not answered", "every request is answered")
    return answers
