"""The run's source of replicas: one parent process, started early, that makes one replica for every request."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import shutil
import socket
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from grader.replica import ancestor
from grader.replica.channel import Channel
from grader.replica.copy import copy_submission
from grader.replica.directory import make_directory, read_log
from grader.replica.launcher.job import descriptors_of
from grader.replica.reins import Reins, make_page
from grader.replica.replica import Ends, Replica
from grader.replica.values import HostError, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grader.replica.ancestor import Ancestor
    from grader.services import Settings

StartMethod = Literal["fork", "spawn"]


class Host:
    """Makes replicas: forked from a pre-imported parent on Linux, spawned elsewhere (where fork is not safe).

    The end of the grader's process, however it comes, ends everything and removes the run's files.
    Where `services` keep a parent ready (`ancestor.spare`), that is the run's.
    """

    def __init__(self, *, start_method: StartMethod | None = None, services: Settings | None = None) -> None:
        self._method: StartMethod = start_method or ("fork" if ancestor.CAN_FORK else "spawn")
        self._services = services
        self._parent: Ancestor | None = None
        self._control: Channel | None = None
        self._directory: Path | None = None
        self._prepared: asyncio.Future[tuple[str, ...]] | None = None
        self._gone: asyncio.Event | None = None
        self._replicas: dict[int, Replica] = {}
        self._made = 0
        self._copies = itertools.count(1)  # copies are made in threads

    def begin(self, packages: Sequence[str] = ()) -> None:
        """Start the parent process now, without waiting for it; a second call does nothing.

        `packages` names those that submissions of this run import, beside what all of them do.
        """
        if self._parent is not None:
            return
        self._directory, log = make_directory()
        with log:
            self._parent = ancestor.begin(
                log, method=self._method, directory=self._directory, packages=packages, services=self._services
            )

    @property
    def start_method(self) -> StartMethod:
        """How replicas start."""
        return self._method

    @property
    def isolation(self) -> tuple[str, ...]:
        """What keeps replicas apart on this machine: "fork", "own user", "landlock 7", …; empty until prepared."""
        if self._prepared is None or not self._prepared.done() or self._prepared.exception():
            return ()
        return self._prepared.result()

    @property
    def directory(self) -> Path:
        """The run's own folder, removed at its end."""
        if self._directory is None:
            message = "the host has not begun"
            raise HostError(message)
        return self._directory

    def copy(self, folder: Path) -> Path:
        """Return a checked copy of the submission, to make replicas from; raises SubmissionError."""
        return copy_submission(folder, self.directory / "submissions" / str(next(self._copies)))

    async def prepared(self) -> None:
        """Wait until replicas can be made at once; raises HostError."""
        self._attach()
        if self._prepared is not None:
            await asyncio.shield(self._prepared)

    def _attach(self) -> Channel:
        """Let the running loop listen to the parent."""
        self.begin()
        if self._control is None:
            assert self._parent is not None  # noqa: S101 -- begin() made it
            self._prepared = asyncio.get_running_loop().create_future()
            self._gone = asyncio.Event()
            self._control = Channel(self._parent.socket, self._hear, self._lose)
        return self._control

    def _hear(self, message: dict[str, Any]) -> None:
        if self._prepared is None:
            return
        match message["kind"]:
            case "prepared":
                self._prepared.set_result(tuple(message["isolation"]))
            case "unusable":
                self._prepared.set_exception(HostError(message["message"]))
            case "lost" if message["number"] in self._replicas:
                self._replicas[message["number"]].lose(message["escaped"])

    def _lose(self) -> None:
        """Take note that the parent is gone."""
        if self._prepared is not None and not self._prepared.done():
            log = read_log(self.directory)
            self._prepared.set_exception(HostError(f"the process that makes replicas ended too soon\n{log}".strip()))
            # Whoever never asks is not told; asyncio need not say so.
            self._prepared.exception()
        for replica in self._replicas.values():
            replica.lose_parent()
        if self._gone is not None:
            self._gone.set()

    async def replica(  # noqa: PLR0913 -- each but the first two says what differs from a plain replica
        self,
        name: str,
        folder: Path,
        *,
        environment: Mapping[str, str],
        limits: Limits | None = None,
        command: Sequence[str] | None = None,
        controlled: bool = False,
        traced: bool = False,
        debug_port: int | None = None,
    ) -> Replica:
        """Start a replica of the submission in `folder`, a copy made by `copy()`, and return without waiting for it.

        `command` None serves `app.main:create_app()`; `["-m", "app.relay"]` runs that module instead.
        One that is `controlled` has reins; one that is `traced` is slower, and tells of calls and imports.
        At `debug_port` of 127.0.0.1 a debugger may attach; that has reins too.
        Raises HostError.
        """
        if debug_port is not None:
            _check_debugger(debug_port)
        control = self._attach()
        if self._prepared is not None and self._prepared.done() and (error := self._prepared.exception()):
            raise error
        if self._gone is not None and self._gone.is_set():
            message = "the process that makes replicas has ended"
            raise HostError(message)
        limits = limits or Limits()
        number = self._made
        self._made += 1
        order = {
            "number": number,
            "name": name,
            "folder": str(folder),
            "environment": dict(environment),
            "limits": asdict(limits),
            "command": None if command is None else list(command),
            "controlled": controlled or debug_port is not None,
            "traced": traced,
            "debug_port": debug_port,
        }
        with ExitStack() as theirs:
            listening = theirs.enter_context(socket.create_server(("127.0.0.1", 0)))
            passed = {"listening": listening.fileno()}
            ends = _make_ends(passed, theirs, controlled=controlled, traced=traced, debugged=debug_port is not None)
            place = self.directory / "replicas" / str(number) / "submission"
            replica = Replica(name, listening.getsockname()[1], limits, folder, place, ends)
            # those that ended are forgotten: a grader that goes on for a day makes thousands
            living = {one: known for one, known in self._replicas.items() if known.exited is None}
            self._replicas = living | {number: replica}
            await control.send(order, [passed[end] for end in descriptors_of(order)])
        return replica

    async def close(self) -> None:
        """End every replica and all they left behind, the parent too, and remove the run's files."""
        for replica in self._replicas.values():
            await replica.kill()
        if self._control is not None and self._parent is not None and self._gone is not None:
            if self._parent.socket.fileno() >= 0:
                self._parent.socket.shutdown(socket.SHUT_WR)
            await self._gone.wait()
            self._control.close()
            self._control = None
        self.end()

    def end(self) -> None:
        """Do what `close()` does for a host that no event loop has used; blocks until the parent has ended."""
        if self._parent is not None:
            self._parent.socket.close()
            self._parent.wait()
            self._parent = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)


def _check_debugger(port: int) -> None:
    """Raise HostError where no debugger can be had at `port`."""
    if importlib.util.find_spec("debugpy") is None:
        message = "a debugger needs debugpy, which is not installed: pip install 'backend-katas[debug]'"
        raise HostError(message)
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        message = f"port {port} cannot be had for a debugger: {error}"
        raise HostError(message) from error


def _make_ends(passed: dict[str, int], theirs: ExitStack, *, controlled: bool, traced: bool, debugged: bool) -> Ends:
    """Make what connects the grader with a replica and return its own ends; the others are noted in `passed`."""

    def pair(name: str) -> socket.socket:
        ours, other = socket.socketpair()
        passed[name] = theirs.enter_context(other).fileno()
        return ours

    def pipe(name: str) -> int:
        reading, passed[name] = os.pipe()
        theirs.callback(os.close, passed[name])
        return reading

    reins = None
    if controlled or debugged:
        passed["page"] = make_page()
        reins = Reins(passed["page"], pair("reins"), debugged=debugged)
    edges = pipe("edges") if traced else None
    return Ends(pair("channel"), pipe("log"), pipe("status"), pipe("stack"), reins, edges)
