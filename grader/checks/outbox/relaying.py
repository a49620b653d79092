"""What the checks of the relay have in common: rounds until all is published, and what must hold of the stream then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grader.checks import require
from grader.checks.outbox.life import life_of
from grader.checks.outbox.shop import WEB, orders_of
from grader.checks.outbox.stream import RECOVERED, all_published, entries_of
from grader.lab import printed
from grader.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.checks.outbox.stream import Entry
    from grader.lab import Lab, Process

FEW = 8
"""More entries are not listed to the learner."""


async def require_published(
    lab: Lab, orders: Sequence[str], *relays: Process, done: str, seconds: float = RECOVERED
) -> None:
    """Let relays make rounds, at least one each, and require that every one of the orders' events comes in time."""
    for relay in relays:
        await relay.round()
    if await lab.rounds(*relays, until=all_published(lab, orders), seconds=seconds):
        return
    known = {entry.order_id for entry in await entries_of(lab)}
    missing = [order for order in orders if order not in known]
    require(
        not missing,
        done=done,
        seen=f"{_count(len(missing), 'event', 'events')} of {len(orders)} never came",
        expected=f"every committed order's event reaches the stream, here within {seconds * 1000:g} ms",
        evidence=(
            life_of(missing[0], lab.recorder.statements, WEB),
            *(what for relay in relays for what in _printed(relay)),
        ),
    )


async def require_nothing_invented(lab: Lab, *, done: str) -> None:
    """Require that every entry tells of an order that is committed."""
    orders = set(await orders_of(lab))
    entries = await entries_of(lab)
    invented = [entry for entry in entries if entry.order_id not in orders]
    require(
        not invented,
        done=done,
        seen="the stream has an event of an order that does not exist",
        expected="an order and its event exist together or not at all",
        evidence=(Evidence("the life of its event", tuple(_shown(entry) for entry in invented[:FEW])),)
        if len(invented) > 1
        else (life_of(invented[0].order_id, lab.recorder.statements, WEB),)
        if invented
        else (),
    )


async def require_one_id_each(lab: Lab, *, done: str) -> None:
    """Require that an event that is on the stream twice has the same id, and no two events one."""
    ids: dict[str, set[str]] = {}
    for entry in await entries_of(lab):
        ids.setdefault(entry.order_id, set()).add(entry.event_id)
    several = [order for order, found in ids.items() if len(found) > 1]
    require(
        not several and "" not in {one for found in ids.values() for one in found},
        done=done,
        seen="an event came twice, each time with another event_id" if several else "an event has no event_id",
        expected="an event that is delivered again has the event_id that it had before",
        evidence=_listed(await entries_of(lab)),
    )
    shared = Counter(one for found in ids.values() for one in found)
    require(
        not any(times > 1 for times in shared.values()),
        done=done,
        seen="two events have one event_id",
        expected="every event has an event_id of its own",
        evidence=_listed(await entries_of(lab)),
    )


async def require_once_each(lab: Lab, orders: Sequence[str], *, done: str) -> None:
    """Require that each of the orders has one entry on the stream, and that there is no other."""
    entries = await entries_of(lab)
    times = Counter(entry.order_id for entry in entries)
    wrong = next((order for order in orders if times[order] != 1), None)
    require(
        wrong is None,
        done=done,
        seen=f"an event is on the stream {_times(times[wrong or ''])}",
        expected="while no process dies and no connection is lost, every event is published once",
        evidence=_listed(entries),
    )
    others = len(entries) - len(orders)
    require(
        others == 0,
        done=done,
        seen=f"the stream has {_count(others, 'entry', 'entries')} that nobody placed an order for",
        expected="an event is of an order",
        evidence=_listed(entries),
    )


def _listed(entries: Sequence[Entry]) -> tuple[Evidence, ...]:
    ids = {one: number for number, one in enumerate(dict.fromkeys(entry.event_id for entry in entries), 1)}
    orders = {one: number for number, one in enumerate(dict.fromkeys(entry.order_id for entry in entries), 1)}
    lines = [f"entry {n}: order {orders[e.order_id]}, event_id {ids[e.event_id]}" for n, e in enumerate(entries, 1)]
    more = [f"… {len(lines) - FEW} more"] if len(lines) > FEW else []
    return (Evidence("the stream, orders and ids by the order of their coming", (*lines[:FEW], *more)),)


def _shown(entry: Entry) -> str:
    return f"{entry.type} {entry.order_id}"


def _printed(process: Process) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"{process} printed", evidence.lines) for evidence in printed(process.log(), 8))


def _times(number: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
