"""Time that passes as fast as it can while its replicas run by themselves: nobody waits for somebody who sleeps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from grader.explore.rest import Motion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from grader.explore.bench import Actor

SECONDS = 10.0
"""What replicas may take to come to rest."""


def next_timer(actors: Sequence[Actor]) -> float | None:
    """Return the seconds until the earliest timer that is kept back in any of the replicas."""
    return min((timer for actor in actors if (timer := actor.next_timer) is not None), default=None)


def go_on(actors: Sequence[Actor], seconds: float) -> None:
    """Move the time of all replicas; they have one, so that who sleeps as long as another wakes when it does."""
    for actor in actors:
        actor.advance(seconds)


def at_rest(actors: Sequence[Actor]) -> bool:
    """Whether every replica sleeps, and nothing that it sent is unanswered."""
    return all(actor.asleep and actor.quiet for actor in actors)


def traffic_of(actors: Sequence[Actor]) -> int:
    """Return how much has gone over the wires of all replicas, so that it can be seen whether it grows."""
    return sum(wire.traffic for actor in actors for wire in actor.wires)


def halted(actors: Sequence[Actor]) -> bool:
    """Whether a debugger has one of the replicas stand still."""
    return any(actor.halted for actor in actors)


async def come_to_rest(actors: Sequence[Actor]) -> bool:
    """Return when the replicas are at rest; False where they are not in time."""
    motion = Motion(lambda: halted(actors))
    while await motion.until(lambda: at_rest(actors), SECONDS):
        if await _still_at_rest(actors, motion):
            return True
    return False


async def _still_at_rest(actors: Sequence[Actor], motion: Motion) -> bool:
    """Look again at replicas that were at rest: one may have spoken, been answered, and spoken again since."""
    traffic = traffic_of(actors)
    await motion.look_round()
    return traffic == traffic_of(actors) and at_rest(actors)


@asynccontextmanager
async def time_passing(actors: Sequence[Actor]) -> AsyncIterator[None]:
    """Within it, the time of replicas whose timers are held goes on to the next timer whenever all have come to rest.

    A replica that waits in its server does not count as one that sleeps, so that no timeout of its own runs out. What
    was woken has come to rest again when this ends.
    """
    ticks: list[float] = []
    ticking = asyncio.ensure_future(_tick(actors, ticks))
    try:
        yield
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    if ticks:
        await come_to_rest(actors)


async def _tick(actors: Sequence[Actor], ticks: list[float]) -> None:
    motion = Motion()

    def due() -> bool:
        return next_timer(actors) is not None and at_rest(actors)

    while True:
        if await motion.until(due, SECONDS) and await _still_at_rest(actors, motion) and due():
            ticks.append(next_timer(actors) or 0.0)
            go_on(actors, ticks[-1])
