"""The keeper of one replica: starts it, adopts what escapes from it, ends all of it, and says how it ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import ending, linux, replica
from .messages import Inbox, send
from .wakeup import Wakeup, childless, reap

if TYPE_CHECKING:
    from .job import Job


def look_after(job: Job) -> int:
    """Start the replica and stay until nothing of it is left; returns in the replica too, when it is forked."""
    channel = socket.socket(fileno=job.descriptors["channel"])
    channel.set_inheritable(False)
    if linux.ON_LINUX:
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    try:
        place = _make_place(job)
    except OSError as error:
        shutil.rmtree(Path(job.directory) / "replicas" / str(job.number), ignore_errors=True)
        send(channel, {"kind": "failed", "message": f"the submission's copy could not be made ready: {error}"})
        return 0
    assignment = replica.Assignment(
        order=job.order,
        descriptors={name: number for name, number in job.descriptors.items() if name != "channel"},
        place=str(place),
        user=job.user,
        readable=job.readable,
        forked=job.executable is None,
    )
    if job.executable is None:
        pid = os.fork()
        if pid == 0:
            channel.close()
            return replica.live(assignment)
    else:
        pid = _spawn(job.executable, assignment)
    for number in assignment.descriptors.values():
        os.close(number)
    Keeper(channel, pid, job.user, place).stay()
    return 0


def _make_place(job: Job) -> Path:
    """Give the replica a folder of its own: a copy of the submission, a home and a place for temporary files."""
    place = Path(job.directory) / "replicas" / str(job.number)
    place.mkdir(parents=True)
    shutil.copytree(job.order["folder"], place / "submission", symlinks=True, copy_function=shutil.copyfile)
    for name in ("home", "tmp"):
        (place / name).mkdir()
    if job.user is not None:
        for folder, _, files in os.walk(place):
            os.lchown(folder, job.user, job.user)
            for file in files:
                os.lchown(Path(folder) / file, job.user, job.user)
    return place


def _spawn(executable: list[str], assignment: replica.Assignment) -> int:
    ours, theirs = socket.socketpair()
    inherited = [*assignment.descriptors.values(), theirs.fileno()]
    for number in inherited:
        os.set_inheritable(number, True)  # noqa: FBT003 -- the call takes it by position only
    pid = os.posix_spawn(executable[0], [*executable, "replica", str(theirs.fileno())], dict(os.environ))
    theirs.close()
    send(ours, assignment.as_message())
    ours.close()
    return pid


class Keeper:
    """Watches over one replica until it has ended, and all that it left."""

    def __init__(self, channel: socket.socket, pid: int, user: int | None, place: Path) -> None:
        self._channel = channel
        self._pid = pid
        self._user = user
        self._place = place
        self._status: int | None = None

    def stay(self) -> None:
        """Obey the grader until the replica has ended; the end of the grader is the end of the replica."""
        inbox = Inbox(self._channel)
        send(self._channel, {"kind": "started", "pid": self._pid})
        with Wakeup(self._channel) as wakeup:
            while self._status is None and not inbox.closed:
                for message in inbox.receive() if wakeup.wait() else []:
                    self._obey(message)
                self._take_note()
            wakeup.deafen()
            escaped = self._end_all(wakeup)
        shutil.rmtree(self._place, ignore_errors=True)
        send(self._channel, {"kind": "exited", "status": self._status, "escaped": escaped})
        self._channel.close()

    def _obey(self, message: dict[str, Any]) -> None:
        if self._status is None:
            number = signal.SIGKILL if message["kind"] == "kill" else signal.Signals(message["signal"])
            os.kill(self._pid, number)

    def _take_note(self) -> None:
        for pid, status in reap():
            if pid == self._pid:
                self._status = status

    def _end_all(self, wakeup: Wakeup) -> int:
        """End the replica and everything that descends from it; return how many others there were."""
        escaped: set[int] = set()
        while True:
            escaped |= self._end_once()
            self._take_note()
            if childless() and not self._remaining():
                break
            # Woken by the end of a child; the deadline is for one that ended between the look and the wait.
            wakeup.wait(0.05)
        return len(escaped - {self._pid})

    def _remaining(self) -> set[int]:
        if self._user is None:
            return {p.pid for p in ending.descendants(os.getpid()) if p.alive}
        return {p.pid for p in ending.processes() if p.user == self._user and p.alive}

    def _end_once(self) -> set[int]:
        if self._user is None:
            return ending.end_descendants()
        found = self._remaining()
        if self._status is None:
            found.add(self._pid)
            # It may not have changed its user yet.
            os.kill(self._pid, signal.SIGKILL)
        ending.end_user(self._user)
        return found
