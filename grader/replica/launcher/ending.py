"""Ending processes: all of a user at once, or all descendants of this process."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

_BYSTANDER = 1
"""Added to a user's number: the real user of the process that ends that user's, so that none of them can end it."""


class Process(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    alive: bool
    user: int


def processes() -> list[Process]:
    """Return the process table; zombies are listed as not alive."""
    if Path("/proc/self/stat").exists():
        return [found for entry in os.scandir("/proc") if entry.name.isdigit() and (found := _look(int(entry.name)))]
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,ppid=,stat=,uid="], capture_output=True, text=True, check=False
    ).stdout
    rows = (line.split() for line in listing.splitlines())
    return [Process(int(row[0]), int(row[1]), not row[2].startswith("Z"), int(row[3])) for row in rows]


def _look(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        owner = Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None
    # The name stands in parentheses and may hold anything, parentheses too (proc_pid_stat(5)).
    state, parent = stat[stat.rindex(b")") + 2 :].split()[:2]
    return Process(pid, int(parent), state not in {b"Z", b"X"}, owner)


def descendants(root: int, spared: frozenset[int] = frozenset()) -> list[Process]:
    """Return all below `root` in the process table, leaving out the trees that begin at a `spared` pid."""
    children: dict[int, list[Process]] = {}
    for process in processes():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [root]
    while waiting:
        for process in children.get(waiting.pop(), ()):
            if process.pid not in spared:
                found.append(process)
                waiting.append(process.pid)
    return found


def end_user(user: int) -> None:
    """Kill every process of `user` in one step, which no fork outruns (kill(2) with -1 holds the task list).

    The process that does it has `user` as its effective user only, so that none of them may kill it first.
    """
    pid = os.fork()
    if pid == 0:
        try:
            other = user + _BYSTANDER
            os.setgroups([])
            os.setresgid(other, other, other)
            os.setresuid(other, user, other)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def end_descendants(spared: frozenset[int] = frozenset()) -> set[int]:
    """Kill all below this process and return the pids that were alive.

    They are stopped first, until a look finds none that still runs: what is stopped does not fork.
    """
    me = os.getpid()
    stopped: set[int] = set()
    while fresh := [p.pid for p in descendants(me, spared) if p.alive and p.pid not in stopped]:
        for pid in fresh:
            _signal(pid, signal.SIGSTOP)
            stopped.add(pid)
    for pid in stopped:
        _signal(pid, signal.SIGKILL)
    return stopped


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return
