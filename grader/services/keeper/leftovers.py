"""Servers of a keeper that was killed: found by their folders, proven ours, ended, removed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from grader.services.home import existing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.services.home import Home

STOP_SECONDS = 10.0
OLD_SECONDS = 14 * 86_400.0


async def clear(folders: Iterable[Path], *, wait: bool) -> None:
    """End and remove pairs that an earlier keeper left; with `wait`, each once the run that uses it has ended."""
    await asyncio.gather(*(asyncio.to_thread(clear_folder, folder, wait=wait) for folder in folders))


def remove_old_releases(home: Home) -> None:
    """Remove the sibling folders of releases that nobody has used for a while."""
    for other in existing(home.folder.parent):
        if other == home or time.time() - other.lock.stat().st_mtime < OLD_SECONDS:
            continue
        with suppress(BlockingIOError), other.start_lock.open("w") as starting, other.lock.open("r") as lock:
            # While these are held, no keeper runs there and none starts.
            fcntl.flock(starting, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if other.pairs.is_dir():
                for folder in other.pairs.iterdir():
                    clear_folder(folder, wait=False)
            other.forget_pairs()
            other.forget_socket()
            shutil.rmtree(other.folder, ignore_errors=True)


def in_use(folder: Path) -> bool:
    """Whether a living run holds the lease of this pair."""
    try:
        with (folder / "lease").open() as lease:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def clear_folder(folder: Path, *, wait: bool) -> None:
    """End and remove one pair; with `wait`, once the run that uses it has ended."""
    if wait:
        with suppress(FileNotFoundError), (folder / "lease").open() as lease:
            fcntl.flock(lease, fcntl.LOCK_EX)
    for file in (folder / "postgres" / "postmaster.pid", folder / "valkey.pid"):
        with suppress(OSError, ValueError):
            pid = int(file.read_text(encoding="utf-8").split()[0])
            if str(folder) in _command(pid):
                _end(pid)
    shutil.rmtree(folder, ignore_errors=True)


def _command(pid: int) -> str:
    """Read a process's command line: a number alone may long belong to another process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return ""
    answer = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True
    )
    return os.fsdecode(answer.stdout)


def _end(pid: int) -> None:
    for number in (signal.SIGQUIT, signal.SIGKILL):
        with suppress(ProcessLookupError), _Exit(pid) as ended:
            os.kill(pid, number)
            if ended.wait(STOP_SECONDS):
                return


class _Exit:
    """The end of a process that is not this one's child."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._file: int | None = None

    def __enter__(self) -> Self:
        if hasattr(os, "pidfd_open"):
            self._file = os.pidfd_open(self._pid)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False if it has not come in that time."""
        if self._file is not None:
            poll = select.poll()
            poll.register(self._file, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        queue = select.kqueue()  # type: ignore[attr-defined,unused-ignore] # on macOS
        try:
            event = select.kevent(  # type: ignore[attr-defined,unused-ignore] # on macOS
                self._pid,
                select.KQ_FILTER_PROC,  # type: ignore[attr-defined,unused-ignore] # on macOS
                select.KQ_EV_ADD,  # type: ignore[attr-defined,unused-ignore] # on macOS
                select.KQ_NOTE_EXIT,  # type: ignore[attr-defined,unused-ignore] # on macOS
            )
            return bool(queue.control([event], 1, seconds))
        finally:
            queue.close()
