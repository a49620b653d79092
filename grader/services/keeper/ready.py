"""The spare: a process that the keeper has ready for the run that asks next, which then owns it."""

from __future__ import annotations

import asyncio
import json
import socket
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from typing import Any


class Ready:
    """At most one process of a `Spare`: of the one that was wanted last, first by the run that started the keeper.

    When it has done what can be done beforehand it closes its standard output.
    Should the keeper die, it ends by itself: nobody holds the other end of its socket any longer.
    """

    def __init__(self, spare: dict[str, Any] | None) -> None:
        self._spare = spare
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._prepared = asyncio.Event()
        self._followed: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The number of the process that is ready, if there is one."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def prepared(self) -> None:
        """Wait until there is one that has done what can be done beforehand, or none can be had."""
        if self._spare is not None:
            await self._prepared.wait()

    async def refill(self) -> None:
        """Start one unless there is one; one that cannot be started is not there, which no run depends on."""
        starting = self._socket is not None and self._process is None
        if self._spare is None or starting or self.pid is not None:
            return
        self._let_go()
        ours, theirs = socket.socketpair()
        self._socket = ours
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._spare["command"],
                    stdin=theirs.fileno(),
                    stdout=PIPE,
                    stderr=DEVNULL,
                    cwd="/",
                    env=self._spare["environment"],
                    start_new_session=True,
                )
            except OSError:
                self._let_go()
                self._prepared.set()
                return
        if self._socket is ours:
            self._process = process
        else:
            process.kill()  # it was let go while it started
        follow = asyncio.create_task(self._follow(process))
        self._followed.add(follow)
        follow.add_done_callback(self._followed.discard)

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Await its end, whoever has it by then: nobody else could."""
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        await process.stdout.read()
        if process is self._process:
            self._prepared.set()
        await process.wait()

    async def hand_over(self, wanted: dict[Any, Any], connection: int) -> None:
        """Send the process's number and its socket to a run that wants what this is; else the next one is of that."""
        if wanted != self._spare:
            self._spare = wanted
            await self.end()
        if self.pid is None or self._socket is None:
            return
        with socket.socket(fileno=connection) as run:
            with suppress(OSError):
                socket.send_fds(run, [json.dumps(self.pid).encode()], [self._socket.fileno()])
            run.detach()
        self._let_go()

    async def end(self) -> None:
        """End the process that is ready."""
        process = self._process
        self._let_go()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._process = self._socket = None
        self._prepared.clear()
