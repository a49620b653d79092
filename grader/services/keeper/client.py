"""The run's side of the keeper: finding or starting one, leasing a pair, asking what runs, stopping it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.services.values import Address, ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.services.binaries import Binaries
    from grader.services.home import Home
    from grader.services.values import Settings, Spare

ATTEMPTS = 3
ANSWER_SECONDS = 120.0


class _KeeperGoneError(Exception):
    """The keeper closed the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A pair of servers that is this run's own for as long as the connection is open."""

    postgres: Address
    redis: Address | None
    _writer: asyncio.StreamWriter
    _lock: int

    async def end(self, *, clean: bool) -> None:
        """Give the pair back; `clean` says that this run left nothing on it, so that it need not be made anew."""
        if clean:
            self._writer.write(b'{"do": "clean"}\n')
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
        os.close(self._lock)


async def lease(
    home: Home, binaries: Callable[[], Binaries], settings: Settings, *, redis: bool, tell: Callable[[str], None]
) -> Lease:
    """Lease a pair; `binaries` is asked for only if a keeper has to be started. Raises ServicesUnavailableError."""
    request = {"do": "lease", "redis": redis, "idle": settings.idle_seconds, "pid": os.getpid()}
    for _ in range(ATTEMPTS):
        connection = await connect(home) or await _start(home, binaries, settings.spare)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        try:
            return _accept(await _ask(reader, writer, request, tell), writer)
        except (_KeeperGoneError, ConnectionError, FileNotFoundError):
            # It was just ending, or could not start.
            writer.close()
        except BaseException:
            writer.close()
            raise
    complaint = home.log.read_text(encoding="utf-8", errors="replace")[-2000:].strip()
    message = f"The keeper of the embedded servers does not answer. Its log, {home.log}, ends with: {complaint}"
    raise ServicesUnavailableError(message)


async def ask(home: Home, what: str) -> dict[str, Any] | None:
    """Ask a running keeper for one thing; None where none runs."""
    connection = await connect(home)
    if connection is None:
        return None
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        return await _ask(reader, writer, {"do": what}, tell=lambda _: None)
    except (_KeeperGoneError, ConnectionError):
        return None
    finally:
        writer.close()


async def connect(home: Home) -> socket.socket | None:
    """Connect to the home's keeper, if one runs."""
    path = home.socket()
    if path is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(0)
    try:
        await asyncio.get_running_loop().sock_connect(connection, str(path))
    except (FileNotFoundError, ConnectionError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


async def _start(home: Home, binaries: Callable[[], Binaries], spare: Spare | None) -> socket.socket:
    """Start a keeper unless another run was quicker, and connect to it.

    The socket is made here and inherited by the keeper, so that there is no moment at which one has to wait for it.
    """
    with home.start_lock.open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        connection = await connect(home)
        if connection is not None:
            return connection
        found = await asyncio.to_thread(binaries)
        home.forget_socket()
        path = home.new_socket()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(64)
            await asyncio.to_thread(_spawn, home, found, spare, listener)
        connection = await connect(home)
    if connection is None:
        message = f"The keeper of the embedded servers ended at once; see {home.log}"
        raise ServicesUnavailableError(message)
    return connection


def _spawn(home: Home, binaries: Binaries, spare: Spare | None, listener: socket.socket) -> None:
    told = {
        "folder": str(home.folder),
        "listener": listener.fileno(),
        "postgres": str(binaries.postgres),
        "libraries": str(binaries.libraries) if binaries.libraries is not None else None,
        "valkey": str(binaries.valkey),
        "release": binaries.release,
        "spare": None if spare is None else asdict(spare),
    }
    with home.log.open("w") as log:
        # What is started is a short-lived first process; the daemon is its child.
        subprocess.run(  # noqa: S603 - this very Python, and a file of this package
            [sys.executable, "-I", Path(__file__).parent, json.dumps(told)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[listener.fileno()],
        )


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, Any], tell: Callable[[str], None]
) -> dict[str, Any]:
    writer.write(json.dumps(request).encode() + b"\n")
    async with asyncio.timeout(ANSWER_SECONDS):
        while line := await reader.readline():
            answer: dict[str, Any] = json.loads(line)
            if "tell" not in answer:
                return answer
            tell(answer["tell"])
    raise _KeeperGoneError


def _accept(answer: dict[str, Any], writer: asyncio.StreamWriter) -> Lease:
    if "error" in answer:
        message = f"The embedded servers do not start: {answer['error']}"
        raise ServicesUnavailableError(message)
    given = answer["lease"]
    return Lease(
        postgres=Address(*given["postgres"]),
        redis=Address(*given["redis"]) if given["redis"] else None,
        _writer=writer,
        _lock=_hold(Path(given["lock"])),
    )


def _hold(lock: Path) -> int:
    """Lock the pair's file, by which a later keeper would see that the pair is in use."""
    file = os.open(lock, os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file
