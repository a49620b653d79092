"""The page that a controlled replica shares with the grader: whether its event loop sleeps, and until when."""

from __future__ import annotations

import math
import mmap
import os
import struct

SIZE = 4096
LAYOUT = struct.Struct("=QQddQ")
"""Count, loop, due, timer, attached: the words of `Page`, in their order; the next is the bell.

Attached is 0, or 1 once a debugger has attached, and 1 more for each thread that it has stand still.
"""
BELL = struct.Struct("=Q")
"""The only word that the grader writes: 1 asks the loop to say so when it next sleeps."""

ANSWER = struct.Struct("=QQ")
"""What a replica says on its socket.

Either the number of a loop and 0, with the descriptor that this loop waits with, or 0 and the number of a question, or
0 and 0: it sleeps, as the bell asked it to say.
"""

_COUNT, _LOOP, _DUE, _TIMER, _ATTACHED, _BELL = range(6)


class Page:
    """The replica's view: written by it, but for the bell, and read by the grader at any moment."""

    def __init__(self, descriptor: int) -> None:
        self._point_to(memoryview(mmap.mmap(descriptor, SIZE)))
        os.close(descriptor)

    def _point_to(self, view: memoryview) -> None:
        self._words = view.cast("Q")
        self._seconds = view.cast("d")

    def disown(self) -> None:
        """Write where nobody reads from here on: a forked child has the page of its parent."""
        self._point_to(memoryview(bytearray(SIZE)))

    def lead(self, number: int) -> None:
        """Say which event loop runs in the main thread, by a number from 1; 0 for none."""
        self._words[_COUNT] += self._words[_COUNT] & 1
        self._words[_LOOP] = number

    def sleep(self, due: float, timer: float | None) -> None:
        """Say that the loop is about to wait for what comes from outside: the count is odd from here on.

        `due` is the machine's monotonic time at which it wakes by itself, infinite if it does not; `timer` is as
        `Reins.next_timer`.
        """
        self._seconds[_DUE] = due
        self._seconds[_TIMER] = math.inf if timer is None else timer
        self._words[_COUNT] += 1

    def take_bell(self) -> bool:
        """Whether the grader asked to be told; once for each time that it asks."""
        asked = bool(self._words[_BELL])
        if asked:
            self._words[_BELL] = 0
        return asked

    def wake(self) -> None:
        """Say that the loop runs: the count is even."""
        self._words[_COUNT] += 1

    def attach(self) -> None:
        """Say that a debugger has attached, or that one more thread stands still by its will."""
        self._words[_ATTACHED] += 1

    def go_on(self) -> None:
        """Say that one thread fewer stands still."""
        self._words[_ATTACHED] -= 1
