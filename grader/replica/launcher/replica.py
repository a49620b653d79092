"""The replica itself: shuts every door it does not need, then runs the submission's code."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import importlib
import os
import random
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import debug, fence, limits, linux, stacks
from .messages import Inbox
from .page import Page
from .status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from .serve import Application

    Watch = Callable[[Application], Application]


@dataclass(frozen=True)
class Assignment:
    """What a replica is to run, where, and as whom."""

    order: dict[str, Any]
    descriptors: dict[str, int]
    place: str
    user: int | None
    readable: list[str]
    forked: bool

    def as_message(self) -> dict[str, Any]:
        """Return it as a message, for a replica that is not forked."""
        return dataclasses.asdict(self)


def main(descriptor: int) -> int:
    """Run the replica whose assignment comes over the socket `descriptor`."""
    with socket.socket(fileno=descriptor) as channel:
        inbox = Inbox(channel)
        messages: list[dict[str, Any]] = []
        while not messages and not inbox.closed:
            messages = inbox.receive()
    return live(Assignment(**messages[0])) if messages else 1


def live(assignment: Assignment) -> int:
    """Become the replica; returns its exit status when the submission's code has ended by itself."""
    order = assignment.order
    place = Path(assignment.place)
    folder = place / "submission"
    os.setsid()
    _keep_only(assignment.descriptors)
    _set_environment(place, order["environment"])
    _set_streams()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)
    status = Status(assignment.descriptors["status"])
    stacks.answer_signal(assignment.descriptors["stack"])
    if not assignment.forked:
        _import_like_the_parent(assignment.readable)
    limits.apply(order["limits"], own_user=assignment.user is not None)
    limits.become(assignment.user)
    if linux.ON_LINUX:
        fence.raise_around(place, [Path(tree) for tree in assignment.readable])
    os.chdir(folder)
    importlib.import_module(f"{__package__}.callsite").install(str(folder))
    if order["controlled"]:
        page = Page(assignment.descriptors["page"])
        control = importlib.import_module(f"{__package__}.control")
        control.install(str(folder), page, assignment.descriptors["reins"])
        if order["debug_port"] is not None and not _let_debug(order["debug_port"], page, status):
            return 1
    _put_on_path(folder)
    random.seed()
    watch = None
    if order["traced"]:
        edges = importlib.import_module(f"{__package__}.edges")
        watch = edges.install(str(folder), assignment.descriptors["edges"]).watch
    served = order["command"] is None
    code = _server(assignment, folder, status, watch) if served else _command(assignment, folder, status)
    _leave()
    return code


def _server(assignment: Assignment, folder: Path, status: Status, watch: Watch | None = None) -> int:
    serve = importlib.import_module(f"{__package__}.serve")
    listening = socket.socket(fileno=assignment.descriptors["listening"])
    return int(serve.run(folder, listening, status, assignment.order["limits"]["memory_bytes"], watch))


def _command(assignment: Assignment, folder: Path, status: Status) -> int:
    command = importlib.import_module(f"{__package__}.command")
    order = assignment.order
    return int(command.run(folder, order["command"], status, order["limits"]["memory_bytes"]))


def _let_debug(port: int, page: Page, status: Status) -> bool:
    try:
        debug.listen(port, page)
    except Exception as error:  # noqa: BLE001 -- debugpy names no kinds
        reason = f"no debugger can be had at port {port}: {error}"
        status.failed({"reason": reason, "traceback": "", "file": None, "line": None})
        return False
    return True


def _leave() -> None:
    """Do what Python does at its end and submissions can count on: exit functions, and what is still to be written."""
    atexit._run_exitfuncs()  # noqa: SLF001 -- there is no public way but ending the interpreter
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _keep_only(descriptors: dict[str, int]) -> None:
    """Close every descriptor but the replica's own; the log becomes its output."""
    os.dup2(descriptors["log"], 1)
    os.dup2(descriptors["log"], 2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    kept = {0, 1, 2} | {number for name, number in descriptors.items() if name != "log"}
    listing = Path("/proc/self/fd" if linux.ON_LINUX else "/dev/fd")
    for name in [entry.name for entry in listing.iterdir()]:
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue
    for number in kept - {0, 1, 2}:
        os.set_inheritable(number, False)  # noqa: FBT003 -- the call takes it by position only


def _set_environment(place: Path, given: dict[str, str]) -> None:
    own = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if zone := os.environ.get("TZ"):
        own["TZ"] = zone
    os.environ.clear()
    os.environ.update(own | given)
    sys.dont_write_bytecode = True


def _set_streams() -> None:
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115 -- lives as long as the process
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _import_like_the_parent(readable: list[str]) -> None:
    parent = importlib.import_module(f"{__package__}.parent")
    parent.extend_path([entry for entry in readable if Path(entry).name in {"site-packages", "dist-packages"}])
    sys.path[:] = [entry for entry in sys.path if parent.Parent.is_of_packages(entry)]
    parent.preimport()


def _put_on_path(folder: Path) -> None:
    """Put the submission after the standard library, which it never shadows, and before installed packages."""
    for index, entry in enumerate(sys.path):
        if Path(entry).name in {"site-packages", "dist-packages"}:
            sys.path.insert(index, str(folder))
            return
    sys.path.append(str(folder))
