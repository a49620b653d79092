"""What the programs that run interleavings are compared by."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotInstalledError(Exception):
    """A program is not here; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one program did in one round, all times in seconds; None is what it does not do, or did not manage."""

    schedules: int
    """Schedules of the lost update that were run from start to end."""
    seconds: float
    """What they took together."""
    counterexample: float | None = None
    """From the beginning of the search to the first schedule that loses an update."""
    certified: float | None = None
    """From the beginning of the search to the verdict that the version with FOR UPDATE is right in every schedule."""
    remark: str = ""
    complete: float | None = None
    """From the beginning to the verdict on the lost update, with all that can differ tried."""
    confirmed: float | None = None
    """The same, with what is to be shown replayed."""

    @property
    def rate(self) -> float:
        """Schedules a second."""
        return self.schedules / self.seconds if self.seconds else 0.0


def median(rounds: Sequence[Figures]) -> Figures:
    """Return the round with the median rate, with the medians of its times; None where a round lacks one."""
    middle = sorted(rounds, key=lambda figures: figures.rate)[len(rounds) // 2]
    return Figures(
        middle.schedules,
        middle.seconds,
        _median([figures.counterexample for figures in rounds]),
        _median([figures.certified for figures in rounds]),
        middle.remark,
        _median([figures.complete for figures in rounds]),
        _median([figures.confirmed for figures in rounds]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known and len(known) == len(values) else None
