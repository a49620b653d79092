"""The parent of a run's replicas: the one that services have ready, or one of the run's own."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.replica.launcher.job import INTERPRETER
from grader.replica.launcher.messages import send
from grader.services import Spare, take_spare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import IO

    from grader.services import Settings

_STARTED_WITH = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_PASSED_ON = ("PATH", "TZ")
CAN_FORK = sys.platform == "linux"
"""Whether replicas are forked from their parent; elsewhere fork is not safe."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A parent process, and the socket that it serves; `wait` returns when it has ended."""

    socket: socket.socket
    wait: Callable[[], object]


def begin(
    log: IO[bytes], *, method: str, directory: Path, packages: Sequence[str], services: Settings | None
) -> Ancestor:
    """Return a run's parent, one that `services` have ready where it is to fork; what it prints goes to `log`."""
    setup = {
        "method": method,
        "directory": str(directory),
        "path": _package_folders(),
        "packages": list(packages),
        "environment": _named(_PASSED_ON),
    }
    taken = take_spare(services) if services is not None and method == "fork" else None
    parent = Ancestor(taken.socket, _end_of(taken.pid)) if taken is not None else _started(log)
    send(parent.socket, setup, [log.fileno()])
    return parent


def spare() -> Spare | None:
    """Return what services may keep ready for the runs of this interpreter; None where replicas are not forked."""
    return Spare((*INTERPRETER, "spare", "0", *_package_folders()), _environment()) if CAN_FORK else None


def _started(log: IO[bytes]) -> Ancestor:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 -- our own launcher, by its path
            [*INTERPRETER, "parent", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return Ancestor(ours, process.wait)


def _end_of(pid: int) -> Callable[[], object]:
    """Return what waits for the end of a process that is not this one's child."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return lambda: None

    def wait() -> None:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        ended.poll()
        os.close(descriptor)

    return wait


def _package_folders() -> list[str]:
    return [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]


def _environment() -> dict[str, str]:
    """Return what a parent is started with; replicas can read it, so that nothing of the grader's is in it."""
    return {"LANG": "C.UTF-8"} | _named(_STARTED_WITH)


def _named(names: Iterable[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
