"""The stream `orders` as the grader reads and writes it beside the service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from grader.lab import Lab

STREAM = "orders"
GROUP = "packers"
TYPE = "order.placed"
POLLS = 0.5
"""Seconds that ten polls take, as this kata's kata.toml sets RELAY_POLL_MS and PACKER_POLL_MS: nothing in the way."""
RECOVERED = 1.0 + POLLS
"""RECOVERY_MS and ten polls: after a crash, an outage or a refusal."""
LONG_AGO = 1_000_000
"""Milliseconds; far more than RECOVERY_MS."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream, its fields as texts, empty where they are missing."""

    event_id: str
    type: str
    order_id: str
    payload: str


async def entries_of(lab: Lab) -> list[Entry]:
    """Return the entries of the stream, in its order."""
    found = []
    for _, words in await lab.redis("XRANGE", STREAM, "-", "+") or []:
        fields = dict(zip(words[::2], words[1::2], strict=True))
        found.append(Entry(*(fields.get(name, "") for name in ("event_id", "type", "order_id", "payload"))))
    return found


def all_published(lab: Lab, orders: Sequence[str]) -> Callable[[], Awaitable[bool]]:
    """Return a condition: each of these orders has an entry."""

    async def condition() -> bool:
        return set(orders) <= {entry.order_id for entry in await entries_of(lab)}

    return condition


async def publish(lab: Lab, payload: dict[str, Any], event_id: str) -> None:
    """Put an event on the stream, as a relay would."""
    fields = {"event_id": event_id, "type": TYPE, "order_id": payload["order_id"], "payload": json.dumps(payload)}
    await lab.redis("XADD", STREAM, "*", *(word for pair in fields.items() for word in pair))


async def make_group(lab: Lab) -> None:
    """Make the packers' group, as the first packer would."""
    await lab.redis("XGROUP", "CREATE", STREAM, GROUP, "0", "MKSTREAM")


async def pending_of(lab: Lab) -> list[tuple[str, str]]:
    """Return the entries that were delivered and not acknowledged, each with its consumer; none without the group."""
    groups = await lab.redis("XINFO", "GROUPS", STREAM) if await lab.redis("EXISTS", STREAM) == "1" else []
    if not any(GROUP in group for group in groups):
        return []
    return [(entry, consumer) for entry, consumer, *_ in await lab.redis("XPENDING", STREAM, GROUP, "-", "+", "1000")]


async def let_pending_age(lab: Lab) -> None:
    """Let the time pass on Redis's clock after which anything that is pending may be claimed by another."""
    for entry, consumer in await pending_of(lab):
        await lab.redis("XCLAIM", STREAM, GROUP, consumer, "0", entry, "IDLE", str(LONG_AGO), "JUSTID")
