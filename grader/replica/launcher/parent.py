"""The parent of a run: imports what submissions use, then forks one keeper for every replica asked for."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import ending, fence, keeper, linux, mounts
from .job import INTERPRETER, Job, descriptors_of
from .messages import Inbox, send
from .wakeup import Wakeup, childless, reap

if TYPE_CHECKING:
    from collections.abc import Iterable

PREIMPORTED = (
    "uvicorn",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.lifespan.on",
    "fastapi",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
    "pydantic",
    # what FastAPI and Starlette import with the first model, and the first dependency, that they meet
    "pydantic.v1",
    "anyio._backends._asyncio",
    "fastapi.telemetry._runtime",
)
SELDOM = {"asyncpg": "asyncpg", "redis": "redis.asyncio", "httpx": "httpx"}
"""Imported beforehand only for submissions that name them: their import is not for all to wait for."""


class UnusableError(Exception):
    """Replicas cannot be had on this machine as it is; the message says what to do."""


def preimport(named: Iterable[str] = ()) -> None:
    """Import what all submissions use, and of what few use that which is named."""
    for module in (*PREIMPORTED, *(SELDOM[name] for name in named if name in SELDOM)):
        importlib.import_module(module)
    for module in ("callsite", "serve", "command", "control"):
        importlib.import_module(f"{__package__}.{module}")


def extend_path(entries: list[str]) -> None:
    """Add the grader's own package folders, which an isolated interpreter may not know (`--user`, PYTHONPATH)."""
    sys.path.extend(entry for entry in entries if entry not in sys.path)


def main(descriptor: int) -> int:
    """Serve one run over the socket `descriptor`; returns in the parent and, much later, in each keeper and replica."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    inbox = Inbox(control)
    waiting: list[dict[str, Any]] = []
    while not waiting and not inbox.closed:
        waiting = inbox.receive()
    if not waiting:
        return 0
    setup = waiting.pop(0)
    os.environ.update(setup["environment"])
    time.tzset()
    for log in inbox.take(1):
        for output in (sys.stdout, sys.stderr):
            os.dup2(log, output.fileno())
        os.close(log)
    parent = Parent(control, inbox, setup)
    try:
        isolation = parent.prepare()
    except UnusableError as error:
        send(control, {"kind": "unusable", "message": str(error)})
        isolation = None
    else:
        send(control, {"kind": "prepared", "isolation": isolation})
    job = parent.serve(waiting)
    if job is None:
        shutil.rmtree(setup["directory"], ignore_errors=True)
        return 0
    return keeper.look_after(job)


class Parent:
    """The parent's knowledge of its run."""

    def __init__(self, control: socket.socket, inbox: Inbox, setup: dict[str, Any]) -> None:
        self._control = control
        self._inbox = inbox
        self._setup = setup
        self._fork = setup["method"] == "fork"
        self._first_user = linux.first_user() if linux.may_change_user() else None
        self._keepers: dict[int, int] = {}
        self._readable: list[str] = []

    def prepare(self) -> list[str]:
        """Make the machine fit for replicas and return what keeps them apart; raises UnusableError."""
        extend_path(self._setup["path"])
        launcher = Path(__file__).parent
        trees = [Path(sys.prefix), Path(sys.base_prefix), launcher]
        trees += [Path(entry) for entry in sys.path if self.is_of_packages(entry)]
        self._readable = [str(tree) for tree in dict.fromkeys(trees)]
        # An editable install puts its project on the path; a submission has no business there.
        sys.path[:] = [entry for entry in sys.path if self.is_of_packages(entry)]
        isolation = [self._setup["method"]]
        if linux.ON_LINUX:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
            isolation.append("subreaper")
        if self._first_user is not None:
            isolation.append("own user")
            if self._open_up([*trees, Path(self._setup["directory"])]):
                isolation.append("own mounts")
        if version := fence.version():
            isolation.append(f"landlock {version}")
        if self._fork:
            gc.disable()  # nothing that is imported is garbage
            try:
                preimport(self._setup["packages"])
            except ImportError as error:
                advice = "Install the project's dependencies."
                message = f"{sys.executable} cannot import what submissions need: {error}. {advice}"
                raise UnusableError(message) from error
            gc.freeze()
            gc.enable()
            if linux.ON_LINUX and len(list(Path("/proc/self/task").iterdir())) > 1:
                self._fork = False
        return isolation

    @staticmethod
    def is_of_packages(entry: str) -> bool:
        """Whether an entry of the path holds Python's own or installed modules."""
        path = Path(entry)
        return any(path.is_relative_to(prefix) for prefix in (sys.prefix, sys.base_prefix)) or path.name in {
            "site-packages",
            "dist-packages",
        }

    def _open_up(self, needed: list[Path]) -> bool:
        user = self._first_user
        if user is None:
            return False
        advice = (
            "Replicas run as a user of their own, who cannot reach {}. "
            "Move the virtual environment and its Python to where everyone may read, or run as an ordinary user."
        )
        try:
            opened = mounts.open_up(needed)
        except OSError as error:
            folders = ", ".join(str(folder) for folder in mounts.blocking([t.resolve() for t in needed if t.exists()]))
            raise UnusableError(advice.format(f"below {folders} ({error})")) from error
        if closed := mounts.unreachable(user, [Path(os.__file__), Path(__file__), Path(self._setup["directory"])]):
            raise UnusableError(advice.format(closed))
        return opened

    def serve(self, waiting: list[dict[str, Any]]) -> Job | None:
        """Start what is asked for until the grader is gone; returns a job in the keepers, None in the parent."""
        with Wakeup(self._control) as wakeup:
            while True:
                for order in waiting:
                    job = self._start(order)
                    if job is not None:
                        return job
                if self._inbox.closed:
                    break
                waiting = self._inbox.receive() if wakeup.wait() else []
                self._look_at_keepers()
            # Every keeper sees the end of the grader for itself; what remains after them is nobody's.
            wakeup.deafen()
            while not childless():
                self._look_at_keepers()
                if self._keepers or not childless():
                    wakeup.wait(1.0)
        self._control.close()
        return None

    def _start(self, order: dict[str, Any]) -> Job | None:
        names = descriptors_of(order)
        descriptors = dict(zip(names, self._inbox.take(len(names)), strict=True))
        number = order["number"]
        pid = os.fork()
        if pid == 0:
            self._control.close()
            return self._job(number, order, descriptors)
        self._keepers[pid] = number
        for descriptor in descriptors.values():
            os.close(descriptor)
        return None

    def _job(self, number: int, order: dict[str, Any], descriptors: dict[str, int]) -> Job:
        return Job(
            number=number,
            order=order,
            descriptors=descriptors,
            directory=self._setup["directory"],
            # The odd numbers are for the processes that end these.
            user=None if self._first_user is None else self._first_user + 2 * (number % 128),
            executable=None if self._fork else list(INTERPRETER),
            readable=self._readable,
        )

    def _look_at_keepers(self) -> None:
        """Take note of keepers that ended; one that was killed leaves its replica's processes to this parent."""
        for pid, status in reap():
            number = self._keepers.pop(pid, None)
            if number is not None and status != 0:
                escaped = ending.end_descendants(frozenset(self._keepers))
                send(self._control, {"kind": "lost", "number": number, "escaped": len(escaped)})
        if not self._keepers:
            with contextlib.suppress(OSError):
                ending.end_descendants()
