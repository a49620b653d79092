"""Every schedule there is, with nothing left out: what the search is held against, and what a tree of them shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.explore.values import Held, Run


class Every:
    """The walk through all schedules: take a choice from `next`, run it, and hand the run to `took`."""

    def __init__(self) -> None:
        self._pending: list[tuple[str, ...]] = [()]
        self._prefix: tuple[str, ...] = ()

    def next(self) -> Callable[[Run, Sequence[Held]], str] | None:
        """Return whom to let go in the next run, the first by name where it is new; None where all have been run."""
        if not self._pending:
            return None
        self._prefix = prefix = self._pending.pop()

        def choose(run: Run, held: Sequence[Held]) -> str:
            at = len(run.decisions)
            return prefix[at] if at < len(prefix) else min(one.actor for one in held)

        return choose

    def took(self, run: Run) -> None:
        """Learn from the run where others could have gone instead."""
        for at in range(len(self._prefix), len(run.decisions)):
            decision = run.decisions[at]
            later = sorted(one.actor for one in decision.held if one.actor > decision.chosen)
            self._pending += [(*run.schedule[:at], name) for name in later]
