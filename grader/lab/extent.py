"""How much a check has explored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a check has explored: schedules or crashes that were run, classes, and whether those were all."""

    schedules: int = 0
    classes: int = 0
    complete: bool | None = None

    def with_more(self, schedules: int, classes: int, *, complete: bool) -> Self:
        """Return the extent with another exploration added."""
        both = complete and self.complete is not False
        return replace(self, schedules=self.schedules + schedules, classes=self.classes + classes, complete=both)
