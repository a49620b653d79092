"""A stop in a replayed schedule, at which the learner looks inside with a debugger."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.passing import halted
from grader.explore.rest import Motion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from grader.explore.values import Step
    from grader.lab.actors import LabActor, ProcessActor
    from grader.replica import Replica

USUAL_PORT = 5678
"""What editors propose for debugpy, so that their settings can stay as they are."""

LOOK_SECONDS = 0.02
"""How often is looked at what a learner does."""


def a_free_port() -> int:
    """Return the usual port where it is free, else another."""
    try:
        return _bound(USUAL_PORT)
    except OSError:
        return _bound(0)


def _bound(port: int) -> int:
    with socket.create_server(("127.0.0.1", port)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Stop:
    """Before which step of the schedule a debugger is waited for, counted from 1, and how the learner is told."""

    step: int
    tell: Callable[[str], None]
    port: int = field(default_factory=a_free_port)

    async def wait(self, step: Step, replica: Replica, folder: Path) -> None:
        """Say where the schedule stands, and return when a debugger has attached; `folder` is the learner's own."""
        reins = replica.reins
        assert reins is not None  # noqa: S101 -- every replica of a station is controlled
        where = f" at {step.site}" if step.site else ""
        self.tell(
            f"Stopped before step {self.step}: replica {replica.name} is about to send{where}\n"
            f"    {' '.join(step.texts[0].split())}\n"
            f"Attach a debugger (debugpy) to 127.0.0.1:{self.port}. Path mapping:\n"
            f"    local root   {folder}\n"
            f"    remote root  {replica.place}\n"
            "It goes on when one has attached. Ctrl-C ends it."
        )
        await _seen(lambda: reins.debugger_attached or replica.exited is not None)
        if reins.debugger_attached:
            self.tell("A debugger has attached: going on, without a limit of time.")


@asynccontextmanager
async def frozen(actors: Sequence[LabActor | ProcessActor]) -> AsyncIterator[None]:
    """Within it nothing that the replicas wait for takes them any time."""
    for actor in actors:
        actor.freeze()
    try:
        yield
    finally:
        for actor in actors:
            actor.thaw()


@asynccontextmanager
async def frozen_in_halts(actors: Sequence[LabActor | ProcessActor]) -> AsyncIterator[None]:
    """Within it the same is true whenever a debugger has one of the replicas stand still."""
    following = asyncio.ensure_future(_follow(actors))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def _follow(actors: Sequence[LabActor | ProcessActor]) -> None:
    while True:
        await _seen(lambda: halted(actors))
        async with frozen(actors):
            await _seen(lambda: not halted(actors))


async def _seen(condition: Callable[[], bool]) -> None:
    """Return when the condition holds, however long that takes."""
    motion = Motion()
    while not condition():
        await motion.change(LOOK_SECONDS)
