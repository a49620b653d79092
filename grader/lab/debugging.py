"""A stop in a replayed schedule, at which the learner looks inside with a debugger."""

from __future__ import annotations

import math
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.rest import Motion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grader.explore.values import Step
    from grader.replica import Replica

USUAL_PORT = 5678
"""What editors propose for debugpy, so that their settings can stay as they are."""


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
        await Motion().until(lambda: reins.debugger_attached or replica.exited is not None, math.inf)
        self.tell("A debugger has attached: going on, without a limit of time.")
