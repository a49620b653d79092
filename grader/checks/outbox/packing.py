"""What the checks of the packer have in common: events on the stream, rounds, and one slip for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grader.checks import require
from grader.checks.outbox.shop import slips_of
from grader.checks.outbox.stream import RECOVERED, let_pending_age, pending_of
from grader.lab import printed
from grader.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.lab import Lab, Process

SETTLING = 2
"""Rounds that packers make after the slip is there: another may come late."""


async def require_one_slip_each(
    lab: Lab, payloads: Sequence[dict[str, Any]], *packers: Process, done: str, age: bool = False
) -> None:
    """Let packers make rounds, and require one slip for each order, with its lines.

    With `age` the time passes on Redis's clock after which pending entries may be claimed.
    """
    orders = [payload["order_id"] for payload in payloads]

    async def packed() -> bool:
        if age:
            await let_pending_age(lab)
        return all(await slips_of(lab, orders))

    came = await lab.rounds(*packers, until=packed, seconds=RECOVERED)
    for _ in range(SETTLING if came else 0):
        for packer in packers:
            await packer.round()
    slips = await slips_of(lab, orders)
    wrong = next((number for number in slips if number != 1), 1)
    pending = await pending_of(lab) if not came else []
    require(
        wrong == 1,
        done=done,
        seen=f"an order has {f'{wrong} slips' if wrong else 'no slip'}",
        expected="every event gives its order one packing slip",
        evidence=(
            *((Evidence("pending, and with nobody at work on it", _pending(pending)),) if pending else ()),
            *(
                Evidence(f"{packer} printed", evidence.lines)
                for packer in packers
                for evidence in printed(packer.log(), 8)
            ),
        ),
    )
    lines = dict(await lab.rows.fetch("SELECT order_id::text, lines FROM packing_slips"))
    other = next((one for one in payloads if lines[one["order_id"]] != one["lines"]), None)
    require(
        other is None,
        done=done,
        seen="a slip does not have the lines of its event",
        expected="a packing slip has the lines of its event's payload",
        evidence=(Evidence("the slip", (json.dumps(lines[other["order_id"]]),)),) if other else (),
    )


def _pending(pending: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return pending entries as lines; consumers by number, since their names may be anything."""
    consumers = {one: number for number, one in enumerate(dict.fromkeys(consumer for _, consumer in pending), 1)}
    return tuple(
        f"entry {number}: delivered to consumer {consumers[consumer]}, never acknowledged"
        for number, (_, consumer) in enumerate(pending, 1)
    )
