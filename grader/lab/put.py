"""A process in its place on the bench, with the wires that are its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.lab.client import Line
from grader.wire import RedisProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.replica import Reins, Replica
    from grader.wire import Gate
    from grader.wire.proxy import Proxy


@dataclass(frozen=True, slots=True)
class Put:
    """A replica as it stands in its place, with the wires that are its own."""

    replica: Replica
    wires: tuple[Proxy, ...]
    line: Line = field(default_factory=Line)
    """Where those of its requests go that come one after the other."""

    @property
    def reins(self) -> Reins:
        """Those of its process."""
        reins = self.replica.reins
        assert reins is not None  # noqa: S101 -- every replica of a station is controlled
        return reins

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self.replica.exited is not None

    @property
    def traffic(self) -> int:
        """How much has gone over its wires."""
        return sum(wire.traffic for wire in self.wires)

    @property
    def redis(self) -> Iterator[RedisProxy]:
        """Its wires to Redis."""
        return (wire for wire in self.wires if isinstance(wire, RedisProxy))

    def set_gate(self, gate: Gate | None) -> None:
        """Have every step asked about."""
        for wire in self.wires:
            wire.gate = gate

    def set_latency(self, seconds: float) -> None:
        """Have every round trip to the servers take so much longer."""
        for wire in self.wires:
            wire.latency = seconds

    async def end(self) -> None:
        """Cut the wires, so that the servers let go of its locks, and end the process."""
        self.line.close()
        await asyncio.gather(*(wire.close() for wire in self.wires), self.replica.kill())
