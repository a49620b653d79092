"""The explorer's only timer: until something is so, or the time is up."""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.001
"""How often is looked at what may move without a word, in seconds."""


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; none where it is over."""
        return max(0.0, self._end - self._loop.time())

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return not self.left


class Motion:
    """Counts what happens on a bench, and wakes who waits for it.

    While something there is `halted` by a debugger no time is up.
    """

    def __init__(self, halted: Callable[[], bool] = lambda: False) -> None:
        self.count = 0
        self.halted = halted
        self._waiting: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def note(self, *, wakes: bool = True) -> None:
        """Say that something has happened; who waits is woken, unless more is to come of which it will be told."""
        self.count += 1
        if wakes:
            self.wake()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Return True as soon as the condition holds, False when the time is up.

        It is looked at whenever something moves, and now and then, since some things move without a word.
        """
        deadline = Deadline(seconds)
        while not condition():
            if self.halted():
                deadline = Deadline(seconds)
            if deadline.is_over:
                return False
            await self.change(min(TICK, deadline.left))
        return True

    async def change(self, seconds: float = TICK) -> bool:
        """Return True when something moves or a look is due, False after so many seconds."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(self._due, self._tick)
        self._waiting = loop.create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def _tick(self) -> None:
        """Wake who waits, if it is time; the timer may be that of an earlier change, which came sooner."""
        self._timer = None
        loop = asyncio.get_running_loop()
        if self._waiting is not None and loop.time() < self._due:
            self._timer = loop.call_at(self._due, self._tick)
        else:
            self._end_wait(moved=False)

    async def look_round(self) -> None:
        """Let the loop take in all that has reached this machine's sockets.

        One pass for what has been read, and for a client that has been accepted, which is known in the pass after;
        where more is ready, one to read or accept it, one for the gate that it comes to, and two to spare.
        """
        for _ in range(4 if self._is_ready() else 1):
            await asyncio.sleep(0)  # noqa: TID251 -- a pass of the loop, not a sleep

    @staticmethod
    def _is_ready() -> bool:
        """Whether a socket of the loop is ready; True where that cannot be seen."""
        try:
            descriptor = asyncio.get_running_loop()._selector.fileno()  # type: ignore[attr-defined]  # noqa: SLF001 -- asyncio has no way to ask
        except AttributeError:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def wake(self) -> None:
        """Have who waits look, though nothing may have happened: somebody has fallen asleep."""
        self._end_wait(moved=True)

    def _end_wait(self, *, moved: bool) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(moved)
