"""Which statements of a connection form the step at hand, and how far it has come.

A group is what a client sends up to a Sync, or one Query. A step may take two groups: a Parse that fixes the snapshot
and is answered by itself, then the Execute.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from grader.wire.postgres.sql import UNGATED

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.wire.recorder import Statement

GROUP_CAP = 10_000
"""Statements of one group that are followed."""


class Steps:
    """The groups of one connection, and the step that was let go."""

    def __init__(self) -> None:
        self.group: list[Statement] = []
        self.open = False
        """A group has begun and not ended."""
        self.under_way: deque[Statement] = deque()
        """The first statements of the steps that were let go and whose answers have not come to their ends."""
        self._over: Statement | None = None
        self._released = False

    def begin(self) -> None:
        """Begin a group unless one is open."""
        if not self.open:
            self.group = []
            self._released = False
            self.open = True

    def add(self, statement: Statement) -> None:
        """Take a statement into the group."""
        if len(self.group) < GROUP_CAP:
            self.group.append(statement)

    @property
    def pending(self) -> Statement | None:
        """The first statement of the step at hand, while that step has not been let go."""
        if self._released:
            return None
        steps = [s for s in self.group if not s.noise and s.category not in UNGATED]
        if not steps or steps[0].released:
            return None
        for statement in steps:
            statement.step = tuple(steps)
        return steps[0]

    def release(self, restart: Callable[[Statement], None]) -> None:
        """Let the step at hand pass, with all that is in its group."""
        if (first := self.pending) is not None:
            self.under_way.append(first)
        self._released = True
        for statement in self.group:
            statement.released = True
            restart(statement)

    @property
    def answered(self) -> bool:
        """Whether the first step under way has been run, as far as the answers have come."""
        return bool(self.under_way) and all(statement.answered for statement in self.under_way[0].step)

    def ready(self) -> None:
        """Note that the server is ready for the next group."""
        if self.answered:
            self._over = self.under_way.popleft()

    def take_over(self) -> Statement | None:
        """Return the step that has come to its end since this was last asked."""
        over, self._over = self._over, None
        return over
