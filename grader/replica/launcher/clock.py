"""Monotonic time as the submission sees it: the machine's, and what the grader has moved it forward."""

from __future__ import annotations

import time

real = time.monotonic
_real_ns = time.monotonic_ns


class Clock:
    """Never runs backwards. `time.time()`, `time.sleep()` and the database's clock are not in its power."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the submission's time in seconds."""
        return real() + self._ahead

    def now_ns(self) -> int:
        """Return the submission's time in nanoseconds."""
        return _real_ns() + int(self._ahead * 1e9)

    def advance(self, seconds: float) -> None:
        """Move the submission's time forward."""
        self._ahead += max(seconds, 0.0)

    def install(self) -> None:
        """Be what `time.monotonic` tells, and with it `loop.time()`; who holds the function already keeps the real."""
        time.monotonic = self.now
        time.monotonic_ns = self.now_ns
