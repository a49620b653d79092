"""Kata 02, add the outbox: forty books that were sold and that nobody packed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from grader.checks import check, require
from grader.checks.outbox.packing import require_one_slip_each
from grader.checks.outbox.racing import (
    require_nothing_twice,
    require_one_slip_from_two_packers,
    require_order_and_event_together,
    require_packed_after_every_crash,
    require_published_after_every_crash,
)
from grader.checks.outbox.refusing import Refused
from grader.checks.outbox.relaying import require_once_each, require_published
from grader.checks.outbox.shop import CREATED, Shop, id_of, only_the_relay, place
from grader.checks.outbox.stream import POLLS, TYPE, all_published, entries_of, publish
from grader.explore.rest import Motion
from grader.lab import RedisIs
from grader.verdict import Evidence
from grader.wire import Category

if TYPE_CHECKING:
    from grader.checks.outbox.stream import Entry
    from grader.lab import Answer, Lab, Request

OUTAGE = 3
"""Rounds that the relay makes while Redis is down."""
REFUSALS = 12
"""Rounds that the relay makes while one event is refused."""


@check(task=1, kind="integrity")
async def order_and_event_together(lab: Lab) -> None:
    """Wherever placing an order dies or loses a connection, the order and its event are there, or neither."""
    await require_order_and_event_together(lab)


@check(task=1, kind="behaviour")
async def an_event_says_what_was_ordered(lab: Lab) -> None:
    """An event has an id of its own, its type, its order, and the order's lines as they were sent."""
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    relay = lab.process("relay")
    placed = [await place(lab, shop.order(2, 0, 1)), await place(lab, shop.order(1, 1))]
    done = "placed an order of three books, and one with two lines of one book"
    await require_published(lab, [one.id for one in placed], relay, done=done, seconds=POLLS)
    await require_once_each(lab, [one.id for one in placed], done=done)
    entries = {entry.order_id: entry for entry in await entries_of(lab)}
    for one in placed:
        entry = entries[one.id]
        require(
            bool(entry.event_id) and entry.type == TYPE and _json(entry) == one.payload,
            done=done,
            seen="an event does not say what was ordered",
            expected=f"it has an event_id, type {TYPE}, order_id, and payload, JSON: the order's id and lines as sent",
            evidence=(Evidence("the event", (f"type {entry.type}", f"payload {entry.payload[:300]}")),),
        )
    require(
        len({entry.event_id for entry in entries.values()}) == len(placed),
        done=done,
        seen="two events have one event_id",
        expected="every event has an event_id of its own",
    )


def _json(entry: Entry) -> object:
    try:
        return json.loads(entry.payload)
    except ValueError:
        return None


@check(task=2, kind="integrity")
async def a_relay_that_crashes_anywhere(lab: Lab) -> None:
    """Wherever the relay dies or loses a connection, every event still comes, and again only under its own id."""
    await require_published_after_every_crash(lab)


@check(task=2, kind="integrity")
async def redis_is_down_for_a_while(lab: Lab) -> None:
    """What is ordered while Redis refuses or hangs is on the stream when it is back."""
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    relay = lab.process("relay")
    await lab.let_redis_be(RedisIs.REFUSING)
    placed = [await place(lab, shop.order())]
    for _ in range(OUTAGE):
        await relay.round()
    await lab.let_redis_be(RedisIs.SILENT)
    placed.append(await place(lab, shop.order(), to="B"))
    await relay.round()
    await lab.let_redis_be(RedisIs.THERE)
    await only_the_relay(lab)
    done = "let Redis refuse and then hang, placed an order each time, and let Redis come back"
    await require_published(lab, [one.id for one in placed], relay, done=done)


@check(task=2, kind="race")
async def ids_that_commit_out_of_order(lab: Lab) -> None:
    """An order that began first and commits last loses its event to no order that overtook it."""
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    await only_the_relay(lab)
    relay = lab.process("relay")
    before = await place(lab, shop.order())
    await require_published(lab, [before.id], relay, done="placed an order")
    overtaking: list[asyncio.Task[Answer]] = []

    async def meanwhile() -> None:
        overtaking.append(asyncio.create_task(lab.send(shop.order(), to="B")))
        await _answered_or_waiting(lab, overtaking[0])
        later = [id_of(overtaking[0].result())] if overtaking[0].done() else []
        await relay.round()
        await lab.rounds(relay, until=all_published(lab, later or [""]), seconds=POLLS)

    try:
        answer, held = await lab.send_holding(shop.order(), before=Category.COMMIT, act=meanwhile)
        answers = [answer, await overtaking[0]]
    finally:
        for task in overtaking:
            task.cancel()
        await asyncio.gather(*overtaking, return_exceptions=True)
    orders = [id_of(one) for one in answers]
    how = "held the COMMIT of an order" if held else "placed an order"
    done = f"{how}, placed another and let the relay look, then let the first one commit"
    await require_published(lab, orders, relay, done=done)


async def _answered_or_waiting(lab: Lab, answer: asyncio.Task[Answer]) -> None:
    """Return when a request is answered, or waits for a lock: an order may have to wait for one before it."""
    motion = Motion()
    while not answer.done() and not await lab.waits("B"):
        await motion.change()


@check(task=3, kind="race")
async def two_relays_publish_nothing_twice(lab: Lab) -> None:
    """Two relays side by side publish every event once, in every interleaving of their rounds."""
    await require_nothing_twice(lab)


@check(task=4, kind="boundary")
async def a_refused_event_holds_up_nobody(lab: Lab) -> None:
    """An event that Redis refuses again and again holds up no other, and comes when it is refused no more."""
    await lab.set_environment(RELAY_BATCH="2")
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    await only_the_relay(lab)
    relay = lab.process("relay")
    placed = [await place(lab, shop.order()) for _ in range(4)]
    refused, *others = [one.id for one in placed]
    relay.refuse(Refused(refused, lab.recorder))
    done = "let Redis refuse the first of four events, in batches of 2"
    await require_published(lab, others, relay, done=done)
    for _ in range(REFUSALS):
        await relay.round()
    late = await place(lab, shop.order())
    await require_published(lab, [late.id], relay, done=f"{done}, for a while, and placed another order")
    relay.refuse(None)
    await require_published(lab, [refused], relay, done=f"{done}, for a while, and then no more")


@check(task=4, kind="boundary")
async def batches_of_none_one_and_many(lab: Lab) -> None:
    """No event, one, as many as a batch holds, and one more: each is published once, and nothing else."""
    batch = 3
    await lab.set_environment(RELAY_BATCH=str(batch))
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    await only_the_relay(lab)
    relay = lab.process("relay")
    orders: list[str] = []
    for number in (0, 1, batch, batch + 1):
        orders += [(await place(lab, shop.order())).id for _ in range(number)]
        done = f"placed {number} orders at a time, with RELAY_BATCH at {batch}"
        await require_published(lab, orders, relay, done=done, seconds=POLLS)
        await relay.round()
        await require_once_each(lab, orders, done=done)


@check(task=4, kind="boundary")
async def redis_loses_all_it_held(lab: Lab) -> None:
    """After FLUSHALL relay and packer go on: what is ordered from then on is published and packed."""
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    await only_the_relay(lab)
    relay, packer = lab.process("relay"), lab.process("packer")
    before = await place(lab, shop.order())
    await require_published(lab, [before.id], relay, done="placed an order")
    await require_one_slip_each(lab, [before.payload], packer, done="placed an order")
    for packs_first in (True, False):
        await lab.flush_redis()
        if packs_first:
            await packer.round()
        placed = await place(lab, shop.order())
        done = f"emptied Redis, {'let the packer look, ' if packs_first else ''}and placed an order"
        await require_published(lab, [placed.id], relay, done=done)
        await require_one_slip_each(lab, [placed.payload], packer, done=done)


@check(task=5, kind="race")
async def two_packers_write_one_slip(lab: Lab) -> None:
    """Two packers that are given one event twice write one slip, however their rounds meet."""
    await require_one_slip_from_two_packers(lab)


@check(task=5, kind="integrity")
async def a_packer_that_crashes_anywhere(lab: Lab) -> None:
    """Wherever a packer dies or loses a connection, every event still gives its slip, and one."""
    await require_packed_after_every_crash(lab)


@check(task=5, kind="behaviour")
async def an_event_that_comes_again(lab: Lab) -> None:
    """Events that were there before the first packer are packed, and one that comes again gives no second slip."""
    shop = Shop(lab.random)
    one, other = shop.event(), shop.event()
    ids = shop.id(), shop.id()
    for payload, event_id in ((one, ids[0]), (other, ids[1]), (one, ids[0])):
        await publish(lab, payload, event_id)
    packer = lab.process("packer")
    done = "put two events on the stream, one of them twice, and started a packer"
    await require_one_slip_each(lab, [one, other], packer, done=done)
    await publish(lab, one, ids[0])
    done = f"{done}; then the event came once more"
    await require_one_slip_each(lab, [one, other], packer, done=done)


@check(task=6, kind="cost")
async def answered_before_redis(lab: Lab) -> None:
    """With Redis hanging or refusing, an order is answered 201 before Redis has said anything."""
    shop = Shop(lab.random)
    await lab.rows.insert(shop.tables)
    for how, told in ((RedisIs.SILENT, "never answer"), (RedisIs.REFUSING, "refuse connections")):
        await lab.let_redis_be(how, "A")
        done = f"let Redis {told}, and placed an order"
        answer = await _answered_without_redis(lab, shop.order(), done=done)
        require(
            answer.status == CREATED,
            done=done,
            seen=f"it was answered {answer.status}",
            expected="an order is answered 201, whatever becomes of Redis",
        )


async def _answered_without_redis(lab: Lab, request: Request, *, done: str) -> Answer:
    """Send an order; a Finding where its replica waits for Redis before it answers."""
    answer = asyncio.create_task(lab.send(request))
    motion = Motion()
    try:
        while not answer.done():
            waits = await lab.waits_for_redis("A")
            require(
                answer.done() or not waits,
                done=done,
                seen="the order was not answered: its replica waits for Redis",
                expected="an order is answered before any reply from Redis",
            )
            await motion.change()
        return await answer
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
