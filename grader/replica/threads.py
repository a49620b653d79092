"""The threads of a replica as the kernel sees them: whether all of them sleep."""

from __future__ import annotations

import os
import sys
import time

_ON_LINUX = sys.platform == "linux"
_UNSEEN: tuple[type[Exception], ...] = (OSError,)
if sys.platform != "linux":
    import psutil  # elsewhere it would be half of what this package takes to import

    _UNSEEN += (psutil.Error,)
_QUIET = 0.001 if _ON_LINUX else 0.02
"""For how long a process whose threads say nothing must not have run to be called parked, in seconds."""
_RESTING = b"SZX"
"""Asleep until woken, or ended (proc_pid_stat(5))."""


class Threads:
    """The threads of the process `pid`. Whatever cannot be seen is taken for awake."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._folder = f"/proc/{pid}/task"
        # What clock_getcpuclockid(3) returns: the time that all threads of a process have run, those that ended too.
        self._clock = ~pid << 3 | 2
        self._used: float = -1
        self._since = 0.0

    def single(self) -> bool:
        """Whether there is the main thread alone."""
        try:
            if sys.platform == "linux":
                # The folder has a link for each thread beside its own two, which is cheaper than a look inside.
                count = os.stat(self._folder).st_nlink - 2  # noqa: PTH116 -- asked for every millisecond: a Path costs as much again
            else:
                count = psutil.Process(self._pid).num_threads()
        except _UNSEEN:
            return False
        return count == 1

    def asleep(self) -> bool:
        """Whether every thread sleeps now.

        One that wakes another has run, and who runs is seen either awake or in the time used.
        """
        if not _ON_LINUX:
            return self.parked()
        used = self._time_used()
        # Twice: the kernel calls a thread asleep a moment before it is, when the time it used is not yet counted.
        return used is not None and self._all_rest() and self._all_rest() and self._time_used() == used

    def parked(self) -> bool:
        """Whether every thread sleeps and none has run for a while; to be asked again and again.

        A thread in `time.sleep` sleeps as one that waits for a lock or a socket does.
        """
        used = self._time_used()
        now = time.monotonic()
        if used is None or used != self._used:
            self._used, self._since = -1 if used is None else used, now
            return False
        return now - self._since >= _QUIET and (not _ON_LINUX or self.asleep())

    def _time_used(self) -> float | None:
        """Return how long the process has run, all threads together; None if that cannot be known."""
        try:
            if sys.platform == "linux":
                return time.clock_gettime_ns(self._clock)
            else:  # noqa: RET505 -- as mypy knows which of the two there is
                times = psutil.Process(self._pid).cpu_times()
                return float(times.user + times.system)
        except _UNSEEN:
            return None

    def _all_rest(self) -> bool:
        try:
            return all(self._rests(task) for task in os.listdir(self._folder))  # noqa: PTH208 -- as above
        except OSError:
            return False

    def _rests(self, task: str) -> bool:
        try:
            descriptor = os.open(f"{self._folder}/{task}/stat", os.O_RDONLY)
        except FileNotFoundError:
            return True
        try:
            stat = os.read(descriptor, 256)
        except ProcessLookupError:
            return True
        finally:
            os.close(descriptor)
        # The name stands in parentheses and may hold anything, parentheses too.
        return stat[stat.rfind(b")") + 2 :][:1] in _RESTING
