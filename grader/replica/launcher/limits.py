"""What a replica may use, and as whom it runs."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path
from typing import Any

from . import linux


def apply(limits: dict[str, Any], *, own_user: bool) -> None:
    """Set the limits of this process and of its children; what the system does not know is left out."""
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_NOFILE", limits["open_files"])
    _limit("RLIMIT_FSIZE", limits["file_bytes"])
    _limit("RLIMIT_CPU", limits["cpu_seconds"])
    # Linux counts private writable memory here, mmap included (since 4.7); elsewhere the address space has to do.
    _limit("RLIMIT_DATA" if linux.ON_LINUX else "RLIMIT_AS", limits["memory_bytes"])
    # The kernel counts all tasks of the user, whoever started them; a user of its own has no others.
    _limit("RLIMIT_NPROC", limits["processes"] + (0 if own_user else _tasks_of(os.getuid())))


def _limit(name: str, value: int) -> None:
    number = getattr(resource, name, None)
    if number is None:
        return
    _, hard = resource.getrlimit(number)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(number, (value, value))
    except (OSError, ValueError):
        if linux.ON_LINUX:
            raise


def _tasks_of(user: int) -> int:
    """Return how many threads run as `user` now."""
    count = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(fields["Uid"].split()[0]) == user:
            count += int(fields.get("Threads", "1"))
    return count


def become(user: int | None) -> None:
    """Run as `user` from here on, if one is given, and never gain a right again; die when the keeper dies."""
    keeper = os.getppid()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if linux.ON_LINUX:
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        # A change of user makes a process opaque to itself: without this it cannot read its own /proc entries.
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        # When the machine runs out of memory, a replica goes first.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        if os.getppid() != keeper:
            os._exit(1)
