"""The spare: a process that the keeper has ready for the run that asks next, which then owns it."""

from __future__ import annotations

import asyncio
import json
import socket
from asyncio.subprocess import DEVNULL
from contextlib import suppress
from typing import Any


class Ready:
    """At most one process of a `Spare`: of the one that was wanted last, first by the run that started the keeper.

    Should the keeper die, it ends by itself: nobody holds the other end of its socket any longer.
    """

    def __init__(self, spare: dict[str, Any] | None) -> None:
        self._spare = spare
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._awaited: set[asyncio.Task[int]] = set()

    @property
    def pid(self) -> int | None:
        """The number of the process that is ready, if there is one."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def refill(self) -> None:
        """Start one unless there is one; one that cannot be started is not there, which no run depends on."""
        starting = self._socket is not None and self._process is None
        if self._spare is None or starting or self.pid is not None:
            return
        self._let_go()
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._spare["command"],
                    stdin=theirs.fileno(),
                    stdout=DEVNULL,
                    stderr=DEVNULL,
                    cwd="/",
                    env=self._spare["environment"],
                    start_new_session=True,
                )
            except OSError:
                self._let_go()
                return
        # its end is awaited, whoever has it by then: nobody else could
        ended = asyncio.create_task(self._process.wait())
        self._awaited.add(ended)
        ended.add_done_callback(self._awaited.discard)

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
