"""One replica, as the grader holds it: started, watched, asked, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.replica.channel import Channel, Pipe
from grader.replica.edges import Edges
from grader.replica.launcher.explain import DOING, hidden_names, size
from grader.replica.log import Log
from grader.replica.stack import frames_of, innermost
from grader.replica.values import BootError, Exit, HostError, Limits

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine
    from pathlib import Path

    from grader.replica.reins import Reins
    from grader.replica.values import Edge

_OUT_OF_MEMORY = re.compile(r"MemoryError|std::bad_alloc|[Cc]annot allocate memory|[Oo]ut of memory")
_STATUS_BYTES = 1 << 20
_STACK_BYTES = 1 << 18
_STACK_SECONDS = 0.5
_OWN_SECONDS = 30.0
_TASKS_END = b"End of tasks\n"


@dataclass(frozen=True, slots=True)
class Ends:
    """The grader's ends of what connects it with a replica and its keeper."""

    channel: socket.socket
    log: int
    status: int
    stack: int
    reins: Reins | None
    edges: int | None


class Replica:
    """A process that runs the submission; `url` is where it serves."""

    def __init__(self, name: str, port: int, limits: Limits, folder: Path, place: Path, ends: Ends) -> None:  # noqa: PLR0913, PLR0917 -- made in one place only, by Host
        self.name = name
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.pid = 0
        """Its process, once `ready()` has returned; 0 before it has started."""
        self.exited: Exit | None = None
        self.escaped = 0
        """How many processes had to be ended besides the replica itself."""
        self.place = place
        """Where its own copy of the submission stands: what a debugger calls its remote root."""
        self.reins = ends.reins
        """Control over its time; None unless it was asked for."""
        self._limits = limits
        self._folder = folder
        self._loop = asyncio.get_running_loop()
        self._log = Log(limits.log_bytes)
        self._status = b""
        self._stack = b""
        self._edges = Edges()
        self._stage: str | None = None
        self._ended_by_grader: str | None = None
        self._boot_error: BootError | None = None
        self._trouble: HostError | None = None
        self._booted = asyncio.Event()
        self._over = asyncio.Event()
        self._stack_moved = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeper_gone = False
        self._parent_gone = False
        self._channel = Channel(ends.channel, self._hear, self._lose_keeper)
        self._pipes = [
            Pipe(ends.log, self._log.feed),
            Pipe(ends.status, self._take_status),
            Pipe(ends.stack, self._take_stack),
        ]
        self._edges_pipe = None if ends.edges is None else Pipe(ends.edges, self._edges.feed)
        if self._edges_pipe is not None:
            self._pipes.append(self._edges_pipe)

    async def ready(self) -> None:
        """Wait until the application has started, its lifespan included; raises BootError, with the process ended.

        Raises HostError where the grader could not start it.
        """
        await self._booted.wait()
        if self._trouble is not None:
            raise self._trouble
        if self._boot_error is not None:
            await self.kill()
            raise self._boot_error

    async def wait(self) -> Exit:
        """Wait until the process, and all that it left behind, has ended."""
        await self._over.wait()
        if self.exited is None:
            message = "a replica that is over has an exit"
            raise RuntimeError(message)
        return self.exited

    def log(self) -> str:
        """Return what it printed so far: the beginning and the end, with the size of what is left out between."""
        self._pipes[0].drain()
        return self._log.text()

    def edges(self) -> tuple[Edge, ...]:
        """Return the calls and imports between its modules so far, each once; none unless it is traced."""
        if self._edges_pipe is not None:
            self._edges_pipe.drain()
        return self._edges.seen

    async def stop(self, seconds: float = 5.0) -> Exit:
        """Ask it to stop in order; kill it after `seconds`."""
        self._ended_by_grader = self._ended_by_grader or "was stopped by the grader"
        if self.reins is not None:
            self.reins.free()
        await self._channel.send({"kind": "signal", "signal": int(signal.SIGTERM)})
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return await self.kill()
        return await self.wait()

    async def kill(self) -> Exit:
        """End it at once, and everything it left behind."""
        if not self._over.is_set():
            self._ended_by_grader = self._ended_by_grader or "was ended by the grader"
            await self._channel.send({"kind": "kill"})
        return await self.wait()

    async def stack(self, seconds: float = _STACK_SECONDS) -> str:
        """Return where the submission's code stands now, by thread and task, innermost line last; empty if nowhere.

        A blocked event loop cannot tell its tasks; then this takes `seconds` and returns the threads.
        """
        self._stack = b""
        for number in (signal.SIGUSR2, signal.SIGUSR1):
            await self._channel.send({"kind": "signal", "signal": int(number)})
        try:
            async with asyncio.timeout(seconds):
                while _TASKS_END not in self._stack and not self._over.is_set():
                    self._stack_moved.clear()
                    await self._stack_moved.wait()
        except TimeoutError:
            pass
        return frames_of(self._stack.decode(errors="replace"), self.place)

    def lose(self, escaped: int) -> None:
        """Take note that the keeper is gone without a word, with what its parent had to end."""
        self.escaped += escaped
        if not self._over.is_set():
            self._finish(Exit(None, signal.SIGKILL, "killed the process above it, and was ended with it"))

    def lose_parent(self) -> None:
        """Take note that the parent of all is gone: the keeper, if it lives, ends its replica."""
        self._parent_gone = True
        if self._keeper_gone:
            self.lose(0)
        elif not self._over.is_set():
            self._in_background(self._channel.send({"kind": "kill"}))

    def _hear(self, message: dict[str, Any]) -> None:
        match message["kind"]:
            case "started":
                self.pid = message["pid"]
                if self.reins is not None:
                    self.reins.follow(self.pid)
                # What a spawned replica imports before the submission is not the submission's time.
                self._set_deadline(self._limits.boot_seconds + _OWN_SECONDS)
            case "failed":
                self._trouble = HostError(message["message"])
                self._finish(Exit(None, None, "was never started"))
            case "exited":
                self.escaped = message["escaped"]
                self._finish(self._describe(message["status"]))

    def _lose_keeper(self) -> None:
        """Take note that the keeper is gone: it has said how all ended, or the parent will say so, if it lives."""
        self._keeper_gone = True
        if self._parent_gone:
            self.lose(0)

    def _take_status(self, data: bytes) -> None:
        self._status += data
        if len(self._status) > _STATUS_BYTES:
            self._status = b""
        *lines, self._status = self._status.split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
                self._note(message)
            except (ValueError, KeyError, TypeError):
                # The submission found the pipe and wrote to it; what it says there is worth nothing.
                continue

    def _note(self, message: dict[str, Any]) -> None:
        match message["kind"]:
            case "stage" if message["stage"] in DOING:
                if self._stage is None:
                    self._set_deadline(self._limits.boot_seconds)
                self._stage = message["stage"]
            case "ready":
                self._boot(None)
            case "failed":
                line = message["line"]
                self._boot(
                    BootError(
                        str(message["reason"]),
                        traceback=str(message["traceback"]),
                        file=None if message["file"] is None else str(message["file"]),
                        line=None if line is None else int(line),
                    )
                )

    def _take_stack(self, data: bytes) -> None:
        self._stack = (self._stack + data)[-_STACK_BYTES:]
        self._stack_moved.set()

    def _boot(self, error: BootError | None) -> None:
        if self._booted.is_set():
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._boot_error = error
        self._booted.set()

    def _set_deadline(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if not self._booted.is_set():
            self._deadline = self._loop.call_later(seconds, self._miss_deadline)

    def _miss_deadline(self) -> None:
        self._in_background(self._give_up())

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_up(self) -> None:
        """End a start that takes too long, and say where it stood."""
        stack = await self.stack()
        if self._booted.is_set():
            return
        self._ended_by_grader = "took too long to start"
        file, line = innermost(stack)
        where = f", at {file}:{line}" if file else ""
        doing = DOING[self._stage or "import"]
        reason = f"the process was still busy after {self._limits.boot_seconds:g} s while {doing}{where}"
        error = BootError(reason + hidden_names(self._folder), traceback=stack, file=file, line=line)
        await self.kill()
        error.log = self.log()
        self._boot(error)

    def _describe(self, status: int | None) -> Exit:
        code = os.waitstatus_to_exitcode(status) if status is not None else -signal.SIGKILL
        number = -code if code < 0 else None
        if self._ended_by_grader is not None and number in {None, signal.SIGKILL, signal.SIGTERM}:
            description = self._ended_by_grader
        elif code != 0 and number != signal.SIGKILL and _OUT_OF_MEMORY.search(self.log()[-2000:]):
            description = f"ran out of memory (limit {size(self._limits.memory_bytes)})"
        elif number == signal.SIGXCPU:
            description = f"used more than {self._limits.cpu_seconds} s of processor time"
        elif number is not None:
            description = f"was killed by {_name(number)}"
        else:
            description = f"exited with status {code}"
        return Exit(None if number else code, number, description)

    def _finish(self, how: Exit) -> None:
        for pipe in self._pipes:
            pipe.close()
        self._channel.close()
        if self.reins is not None:
            self.reins.close()
        self.exited = how
        if self._boot_error is not None:
            self._boot_error.log = self.log()
        elif not self._booted.is_set() and self._ended_by_grader != "took too long to start":
            reason = f"the process {how.description} while {DOING[self._stage or 'import']}" + hidden_names(
                self._folder
            )
            self._boot(BootError(reason, log=self._log.text(), file=None, line=None))
        self._stack_moved.set()
        self._over.set()


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
