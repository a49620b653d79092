"""What is known of the watched folder: each check's latest result, what is asked for, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.verdict import Outcome

if TYPE_CHECKING:
    from grader.checks import Check
    from grader.kata import Kata
    from grader.verdict import CheckResult


@dataclass
class Board:
    """The checks of a kata with their latest results; `waiting` are asked for and not made yet."""

    kata: Kata
    checks: list[Check]
    results: dict[str, CheckResult] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Check]:
        """The checks as they are listed: what did not pass first, then in the order of the kata."""
        return sorted(self.checks, key=self.passes)

    @property
    def failed(self) -> list[str]:
        """The checks that did not pass when they were last made."""
        return [check.id for check in self.checks if check.id in self.results and not self.passes(check)]

    @property
    def first(self) -> str:
        """The check to look at first: that of those which failed, and has something to say of its own."""
        shown = self.shown
        return next(filter(self.tells, shown), shown[0]).id

    @property
    def earned(self) -> int:
        """The points of all checks that passed when they were last made."""
        return sum(result.earned for result in self.results.values())

    @property
    def total(self) -> int:
        """The points that there are."""
        return sum(worth for _, worth in self.kata.points.values())

    def passes(self, check: Check) -> bool:
        """Whether a check passed when it was last made; what was never made is nothing to look at first."""
        result = self.results.get(check.id)
        return result is None or result.outcome is Outcome.PASSED

    def tells(self, check: Check) -> bool:
        """Whether a check did not pass, and there is something of its own to be read about it."""
        return not self.passes(check) and self.results[check.id].said_here

    def order(self, names: list[str] | None = None) -> tuple[str, ...]:
        """Return checks, all or those named, in the order to make them.

        What failed comes first, and of that what was quick, so that there is something to see at once; but each comes
        after what it stands on.
        """
        asked = [check for check in self.checks if names is None or check.id in names]
        wanted = sorted(asked, key=lambda check: (self.passes(check), self._seconds(check)))
        by_id = {check.id: check for check in wanted}
        found: list[str] = []

        def add(check: Check) -> None:
            for needed in check.needs:
                if needed in by_id:
                    add(by_id[needed])
            if check.id not in found:
                found.append(check.id)

        for check in wanted:
            add(check)
        return tuple(found)

    def _seconds(self, check: Check) -> float:
        result = self.results.get(check.id)
        return result.seconds if result else 0.0

    def began(self, names: tuple[str, ...]) -> None:
        """Note that these checks were asked for."""
        self.waiting = names

    def made(self, result: CheckResult) -> None:
        """Note what came of a check."""
        self.results[result.check] = result
        self.waiting = tuple(name for name in self.waiting if name != result.check)
