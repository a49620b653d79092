"""Rounds that meet each other, and requests and rounds that crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checks.outbox.packing import require_one_slip_each
from grader.checks.outbox.relaying import (
    require_nothing_invented,
    require_once_each,
    require_one_id_each,
    require_published,
)
from grader.checks.outbox.shop import Shop, only_the_relay, orders_of, place
from grader.checks.outbox.stream import make_group, publish
from grader.explore.explorer import Limits

if TYPE_CHECKING:
    from grader.lab import After, Lab

PACKERS_LIMITS = Limits(classes=40, schedules=60, enough=True)
"""Whatever packers do on the stream depends on what others do there, so that there are hundreds of classes."""


async def require_order_and_event_together(lab: Lab) -> None:
    """Crash an order at every point, let the relay work, and require as many events as orders."""
    shop = Shop(lab.random)
    relay = lab.process("relay")
    done = "placed an order and let it crash on its way"

    async def holds(after: After) -> None:
        orders = await orders_of(after.lab)
        await require_published(after.lab, orders, relay, done=done)
        await require_nothing_invented(after.lab, done=done)

    await lab.every_crash(given=shop.tables, request=shop.order(0, 1), holds=holds, retry=False)


async def require_published_after_every_crash(lab: Lab) -> None:
    """Crash a round of the relay at every point, start it again, and require the events of two orders."""
    shop = Shop(lab.random)
    relay = lab.process("relay")
    await only_the_relay(lab)
    done = "let the relay crash in its round, and started it again"

    async def two_orders() -> None:
        for _ in range(2):
            await place(lab, shop.order())

    async def holds(after: After) -> None:
        await require_published(after.lab, await orders_of(after.lab), relay, done=done)
        await require_nothing_invented(after.lab, done=done)
        await require_one_id_each(after.lab, done=done)

    await lab.every_crash(given=shop.tables, process=relay, holds=holds, set_up=two_orders)


async def require_nothing_twice(lab: Lab) -> None:
    """Let two relays make a round each, in every interleaving, and require the events of two orders once each."""
    shop = Shop(lab.random)
    relays = lab.process("relay"), lab.process("relay", 2)
    await only_the_relay(lab)
    done = "let two relays make a round each at once"

    async def two_orders() -> None:
        for _ in range(2):
            await place(lab, shop.order())

    async def holds(after: After) -> None:
        orders = await orders_of(after.lab)
        await require_published(after.lab, orders, *relays, done=done)
        await require_once_each(after.lab, orders, done=done)

    await lab.every_interleaving(given=shop.tables, processes=relays, holds=holds, set_up=two_orders)


async def require_one_slip_from_two_packers(lab: Lab) -> None:
    """Let two packers make a round each over one event that came twice, in every interleaving."""
    await lab.set_environment(PACKER_BATCH="1")
    shop = Shop(lab.random)
    packers = lab.process("packer"), lab.process("packer", 2)
    payload, event_id = shop.event(), shop.id()
    done = "put one event on the stream twice, and let two packers make a round each at once"

    async def one_event_twice() -> None:
        await make_group(lab)
        for _ in range(2):
            await publish(lab, payload, event_id)

    async def holds(after: After) -> None:
        await require_one_slip_each(after.lab, [payload], *packers, done=done)

    await lab.every_interleaving(
        given={}, processes=packers, holds=holds, set_up=one_event_twice, limits=PACKERS_LIMITS
    )


async def require_packed_after_every_crash(lab: Lab) -> None:
    """Crash a round of the packer at every point, start it again, and require a slip for each of two events."""
    shop = Shop(lab.random)
    packer = lab.process("packer")
    events = [(shop.event(), shop.id()) for _ in range(2)]
    done = "let a packer crash in its round, and started it again"

    async def two_events() -> None:
        await make_group(lab)
        for payload, event_id in events:
            await publish(lab, payload, event_id)

    async def holds(after: After) -> None:
        await require_one_slip_each(after.lab, [payload for payload, _ in events], packer, done=done, age=True)

    await lab.every_crash(given={}, process=packer, holds=holds, set_up=two_events)
