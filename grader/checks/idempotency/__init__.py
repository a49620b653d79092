"""Kata 05, make the endpoint idempotent under concurrent requests: a card that was charged three times."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from grader.checks import Example, check, require
from grader.checks.idempotency.gateway import Fault, Gateway
from grader.checks.idempotency.racing import (
    OTHER_PAYLOAD,
    PATIENCE,
    require_one_effect_after_every_crash,
    require_one_effect_of_two,
    require_one_of_two_payloads,
    require_one_payment,
    require_paid_or_told_to_wait,
    until_paid,
)
from grader.checks.idempotency.shop import PAID, Shop, refusal, require_effects, require_same, with_key

if TYPE_CHECKING:
    from grader.lab import Lab

BAD_REQUEST = 400
CLAIM_SECONDS = 1
"""What the environment says, in this kata's kata.toml."""
LASTS = "30"
"""Seconds of a claim that runs out during no check, however busy the machine is."""


def example(random: Random) -> Example:
    """Return two orders to pay, and the gateway."""
    shop = Shop(random)
    requests = tuple(shop.order().pay(shop.key(), shop.amount()) for _ in range(2))
    return Example(shop.tables, requests, Gateway())


async def _opened(lab: Lab, shop: Shop) -> Gateway:
    """Write the shop's rows and return a gateway that has charged nothing."""
    await lab.rows.insert(shop.tables)
    gateway = Gateway()
    lab.outside = gateway
    return gateway


async def _running(lab: Lab) -> None:
    """Have both replicas running, so that their start takes nothing of the time that a check gives."""
    unknown = Shop(Random(0))  # noqa: S311 -- an order that is not there
    for replica in ("A", "B"):
        await lab.send(unknown.order().pay(unknown.key(), unknown.amount()), to=replica)


@check(task=1, kind="race")
async def one_effect_for_two_at_once(lab: Lab) -> None:
    """Two requests with one key, at the same time: one payment, one ledger entry, one charge, in every interleaving."""
    await require_one_effect_of_two(lab)


@check(task=1, kind="race")
async def one_effect_also_when_redis_is_emptied(lab: Lab) -> None:
    """It stays one effect when Redis loses all it holds between any two steps."""
    await require_one_effect_of_two(lab, redis_forgets=True)


@check(task=1, kind="race")
async def one_effect_for_twenty_at_once(lab: Lab) -> None:
    """Twenty requests with one key, at the same time, have one effect."""
    await lab.set_environment(CLAIM_SECONDS=LASTS)
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = await _opened(lab, shop)
    gateway.answer_late(0.5)  # so that all of them are there before the first is done
    done = "sent one payment twenty times at once, ten to each replica"
    answers = await lab.together([request] * 20)
    for answer in answers:
        require_paid_or_told_to_wait(answer, done=done)
    await require_one_payment(lab, gateway, request, answers, done=done)


@check(task=2, kind="behaviour")
async def every_201_is_the_same(lab: Lab) -> None:
    """Asked again, on either replica, a payment is answered with the same status, Location and body."""
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = await _opened(lab, shop)
    answers = [await lab.send(request, to=replica) for replica in ("A", "B", "A", "B")]
    done = "sent one payment four times, one after the other, to both replicas"
    for answer in answers:
        answer.expect(201)
    await require_effects(lab, gateway, [request], done=done)
    require_same(answers, done=done)


@check(task=2, kind="boundary")
async def just_before_the_ttl(lab: Lab) -> None:
    """A payment is remembered for as long as IDEMPOTENCY_TTL_SECONDS says."""
    await lab.set_environment(IDEMPOTENCY_TTL_SECONDS="3")
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = await _opened(lab, shop)
    await _running(lab)
    done = "set IDEMPOTENCY_TTL_SECONDS to 3, paid, and sent the same payment again and again for 2 seconds"
    last = asyncio.get_running_loop().time() + 2
    answers = [await lab.send(request)]
    while asyncio.get_running_loop().time() < last:
        answers[1:] = [await lab.send(request, to="B")]
        for answer in answers:
            answer.expect(*PAID)
        require_same(answers, done=done)
    await require_effects(lab, gateway, [request], done=done)


@check(task=2, kind="behaviour")
async def only_a_201_is_remembered(lab: Lab) -> None:
    """Every other answer frees the key: what was refused once goes through when its reason is gone."""
    # Longer than anyone waits here: a key that an answer did not free stays locked.
    await lab.set_environment(CLAIM_SECONDS=LASTS)
    shop, late = Shop(lab.random), Shop(lab.random)
    refused = shop.order().pay(shop.key(), shop.amount())
    unknown = late.order(shop.customer()).pay(shop.key(), shop.amount())
    gateway = await _opened(lab, shop)

    (await lab.send(unknown)).expect(404)
    await lab.rows.insert(late.tables)
    done = "paid for an order before it was placed, and again after"
    await until_paid(lab, unknown, done=done, to="B")
    await require_effects(lab, gateway, [unknown], done=done)

    gateway.fail_next(Fault.REFUSED)
    await lab.send(refused)
    done = f"paid while the gateway {Fault.REFUSED.value}, and again"
    await until_paid(lab, refused, done=done, to="B")
    await require_effects(lab, gateway, [unknown, refused], done=done)


@check(task=3, kind="integrity")
async def a_crash_anywhere_then_a_retry(lab: Lab) -> None:
    """Wherever the process dies or a connection is lost, a retry ends with one payment, ledger entry and charge."""
    await require_one_effect_after_every_crash(lab)


@check(task=3, kind="integrity")
async def a_charge_whose_answer_was_lost(lab: Lab) -> None:
    """A charge of which the gateway's answer was lost is not made again."""
    shop = Shop(lab.random)
    faults = (Fault.HUNG_UP_AFTER, Fault.REFUSED_AFTER, Fault.HUNG_UP)
    requests = [shop.order().pay(shop.key(), shop.amount()) for _ in faults]
    gateway = await _opened(lab, shop)
    for number, (fault, request) in enumerate(zip(faults, requests, strict=True), 1):
        gateway.fail_next(fault)
        await lab.send(request)
        done = f"paid while the gateway {fault.value}, and again"
        await until_paid(lab, request, done=done, to="B")
        await require_effects(lab, gateway, requests[:number], done=done)


@check(task=3, kind="race")
async def a_first_request_that_outlives_its_claim(lab: Lab) -> None:
    """A first request that takes longer than CLAIM_SECONDS is still the only effect of its key."""
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    gateway = await _opened(lab, shop)
    await _running(lab)
    gateway.answer_late(3 * CLAIM_SECONDS)
    done = "sent a payment, let the gateway take 3 seconds over its charge, and sent the payment again meanwhile"
    first = asyncio.create_task(lab.send(request, to="A"))
    try:
        await gateway.called(PATIENCE)
        again = await until_paid(lab, request, done=done, to="B")
        answers = [await first, again]
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    await require_one_payment(lab, gateway, request, answers, done=done)


@check(task=4, kind="integrity")
async def another_payload_is_refused(lab: Lab) -> None:
    """A key that paid once is refused for another amount or another order, and nothing is charged for it."""
    shop = Shop(lab.random)
    order, key, amount = shop.order(), shop.key(), shop.amount()
    request = order.pay(key, amount)
    others = {
        "another amount": order.pay(key, amount + 1),
        "another order": shop.order(order.customer).pay(key, amount),
    }
    gateway = await _opened(lab, shop)
    first = await lab.send(request)
    first.expect(*PAID)
    for what, other in others.items():
        done = f"paid, and sent a payment of {what} with the same key"
        answer = await lab.send(other, to="B")
        require(
            answer.status == OTHER_PAYLOAD,
            done=done,
            seen=f"it was answered {answer.status}",
            expected="another payload with a key that has been used is answered 422",
            evidence=refusal(answer),
        )
        await require_effects(lab, gateway, [request], done=done)
    again = await lab.send(request, to="B")
    require_same([first, again], done="paid, sent other payments with the same key, and the first one again")


@check(task=4, kind="race")
async def another_payload_at_once(lab: Lab) -> None:
    """Of two payloads with one key, at the same time, one is paid, in every interleaving."""
    await require_one_of_two_payloads(lab)


@check(task=4, kind="integrity")
async def keys_belong_to_the_customer(lab: Lab) -> None:
    """Two customers who happen to send the same key each make their own payment."""
    shop = Shop(lab.random)
    key, amount = shop.key(), shop.amount()
    requests = [shop.order().pay(key, amount) for _ in range(2)]
    gateway = await _opened(lab, shop)
    done = "let two customers pay the same amount, each for an order of their own, with the same key"
    for request in requests:
        (await lab.send(request)).expect(*PAID)
    await require_effects(lab, gateway, requests, done=done)


@check(task=4, kind="behaviour")
async def two_keys_are_two_payments(lab: Lab) -> None:
    """Two payments with two keys are both made, of one order and of one amount too, one by one and at once."""
    shop = Shop(lab.random)
    order, amount = shop.order(), shop.amount()
    requests = [order.pay(shop.key(), amount) for _ in range(4)]
    gateway = await _opened(lab, shop)
    done = "sent two payments of one amount for one order, each with a key of its own, one after the other"
    for request in requests[:2]:
        (await lab.send(request)).expect(*PAID)
    await require_effects(lab, gateway, requests[:2], done=done)
    for answer in await lab.together(requests[2:]):
        answer.expect(*PAID)
    await require_effects(lab, gateway, requests, done=f"{done}, and two more at once")


@check(task=5, kind="boundary")
async def a_key_that_is_none_is_refused(lab: Lab) -> None:
    """A key that is absent, empty, too long, not visible ASCII, or there twice is a 400 and has no effect."""
    shop = Shop(lab.random)
    request = shop.order().pay(shop.key(), shop.amount())
    key = shop.key()
    faulty = {
        "no Idempotency-Key": with_key(request),
        "an empty key": with_key(request, ""),
        "an empty key in quotes": with_key(request, '""'),
        "a key of 256 characters": with_key(request, shop.key(256)),
        "a key of 256 characters in quotes": with_key(request, f'"{shop.key(256)}"'),
        "a key with a letter that is not ASCII": with_key(request, f"clé-{key}"),
        "a key with a space in it": with_key(request, f"{key} {key}"),
        "two Idempotency-Key headers": with_key(request, key, shop.key()),
        "two equal Idempotency-Key headers": with_key(request, key, key),
    }
    gateway = await _opened(lab, shop)
    for what, sent in faulty.items():
        answer = await lab.send(sent)
        require(
            answer.status == BAD_REQUEST,
            done=f"sent a payment with {what}",
            seen=f"it was answered {answer.status}",
            expected="a key is 1 to 255 visible ASCII characters without the quotes, in one header; else 400",
            evidence=refusal(answer),
        )
        await require_effects(lab, gateway, [], done=f"sent a payment with {what}")


@check(task=5, kind="boundary")
async def bare_or_quoted_it_is_one_key(lab: Lab) -> None:
    """Keys of 1 and of 255 characters are good, and a key in quotes is the key without them."""
    shop = Shop(lab.random)
    requests = [shop.order().pay(shop.key(length), shop.amount()) for length in (1, 255)]
    gateway = await _opened(lab, shop)
    for request in requests:
        key = request.headers["Idempotency-Key"]
        done = f"sent one payment with a key of length {len(key)}, bare and then in quotes"
        answers = [await lab.send(request), await lab.send(with_key(request, f'"{key}"'), to="B")]
        for answer in answers:
            answer.expect(*PAID)
        require_same(answers, done=done)
    await require_effects(lab, gateway, requests, done="sent two payments, each with its key bare and then in quotes")
