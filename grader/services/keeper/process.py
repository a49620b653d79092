"""A server process as a child: its output kept in bounds, its readiness read from it, its end awaited."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from grader.services.account import Account

OUTPUT_BYTES = 32_768
READY_SECONDS = 60.0
STOP_SECONDS = 10.0


class StartError(Exception):
    """A server (or a program that prepares one) did not do its work; the message ends with what it printed."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, in which folder, and what it prints once it accepts connections on `port`."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    ready: bytes
    port: int


class Server:
    """One running server.

    Its output goes through a pipe that is read here. Should the keeper die, writing to that pipe fails at once, which
    both servers ignore; so neither blocks, and no log file grows.
    """

    def __init__(self, program: Program, process: asyncio.subprocess.Process) -> None:
        self.port = program.port
        self._process = process
        self._sign = program.ready
        self._output = b""
        self._ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, program: Program, account: Account) -> Server:
        """Start the program and wait until it is ready; raises StartError if it ends before."""
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            cwd=program.folder,
            start_new_session=True,
            env=ENVIRONMENT,
            **account.run,
        )
        server = cls(program, process)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await server._ready.wait()
        except BaseException as error:
            await server.stop()
            if isinstance(error, TimeoutError):
                message = f"{program.name} was not ready after {READY_SECONDS:.0f} seconds: {server.output}"
                raise StartError(message) from error
            raise
        if process.returncode is not None:
            message = f"{program.name} ended with status {process.returncode}: {server.output}"
            raise StartError(message)
        return server

    @property
    def running(self) -> bool:
        """Whether the server has not ended."""
        return not self._reading.done()

    @property
    def pid(self) -> int:
        """The number of the server's (first) process."""
        return self._process.pid

    @property
    def output(self) -> str:
        """The last of what it printed."""
        return self._output.decode(errors="replace").strip()

    async def ended(self) -> None:
        """Wait until the server has ended, for whatever reason."""
        await asyncio.shield(self._reading)

    async def stop(self) -> None:
        """End it without saving anything; SIGQUIT lets Postgres end its own children."""
        for number in (signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self.ended()
                return

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        while chunk := await self._process.stdout.read(OUTPUT_BYTES):
            self._output = (self._output + chunk)[-OUTPUT_BYTES:]
            if not self._ready.is_set() and self._sign in self._output:
                self._ready.set()
        await self._process.wait()
        self._ready.set()


# No PG* variable of the user's may reach a server, and messages stay in the language in which they are looked for.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


async def run(command: Sequence[str | Path], *, account: Account, folder: Path, feed: str = "") -> None:
    """Run a program to its end, with `feed` as its input; raises StartError with its output if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, cwd=folder, env=ENVIRONMENT, **account.run
    )
    try:
        output, _ = await process.communicate(feed.encode())
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        message = f"{command[0]} ended with status {process.returncode}: {output.decode(errors='replace').strip()}"
        raise StartError(message)
