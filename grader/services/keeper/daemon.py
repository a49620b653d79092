"""The keeper itself: lends pairs over a socket, cleans up behind runs, ends what nobody needs, then itself.

A run's connection is its lease. The words are JSON, one object a line:
`{"do": "lease", "redis": true, "idle": 600}` is answered by any number of `{"tell": …}` and one `{"lease": …}` or
`{"error": …}`; `{"do": "clean"}` before the end of the connection says that the run has tidied up after itself;
`{"do": "status"}`, `{"do": "stop"}` and `{"do": "prepared"}` are answered by one object; `{"do": "spare", …}` is by a
descriptor, if at all.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.services import account
from grader.services.binaries import Binaries
from grader.services.home import Home
from grader.services.keeper import leftovers, software
from grader.services.keeper.cluster import Cluster
from grader.services.keeper.pair import ServerPair
from grader.services.keeper.process import StartError
from grader.services.keeper.ready import Ready

if TYPE_CHECKING:
    from collections.abc import Coroutine


FIRST_SECONDS = 30.0


class Keeper:
    """Owns the pairs of one home."""

    def __init__(self, home: Home, binaries: Binaries, ready: Ready) -> None:
        self._home = home
        self._account = account.choose()
        self._binaries = software.reachable(binaries, self._account, home)
        self._cluster = Cluster(home, self._binaries.postgres, self._account, major=_major(binaries.release))
        self._ready = ready
        self._key = secrets.token_hex()
        self._pairs: list[ServerPair] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._in_use: list[Path] = []
        self._over = asyncio.Event()
        self._asked = False
        self._since = time.time()

    async def serve(self, listener: socket.socket) -> None:
        """Serve until nothing is left to keep."""
        self._home.key.write_text(self._key, encoding="ascii")
        await asyncio.to_thread(leftovers.remove_old_releases, self._home)
        self._home.make_pairs()
        left = list(self._home.pairs.iterdir())
        self._in_use = [folder for folder in left if leftovers.in_use(folder)]
        await leftovers.clear([folder for folder in left if folder not in self._in_use], wait=False)
        self._in_background(leftovers.clear(self._in_use, wait=True))
        server = await asyncio.start_unix_server(self._connected, sock=listener)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: self._in_background(self._stop()))
        # Whoever started this keeper connects at once, unless it was killed before it could.
        loop.call_later(FIRST_SECONDS, self._first_is_late)
        await self._over.wait()
        # First the name, then the socket: as long as somebody can connect, nobody else may take the name.
        self._home.forget_socket()
        server.close()
        while tasks := [*self._connections, *self._work]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._ready.end()
        self._home.forget_pairs()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._connections.add(task)
        self._asked = True
        try:
            with suppress(ConnectionError, ValueError):
                request = json.loads(await reader.readline() or b"null")
                match request:
                    case {"do": "lease"}:
                        await self._lend(request, reader, writer)
                    case {"do": "spare", "key": self._key, **wanted}:
                        await self._ready.hand_over(wanted, writer.get_extra_info("socket").fileno())
                    case {"do": "prepared"}:
                        await self._ready.prepared()
                        _say(writer, {"prepared": True})
                    case {"do": "status"}:
                        _say(writer, {"status": self._status()})
                    case {"do": "stop"}:
                        await self._stop()
                        _say(writer, {"stopped": True})
        finally:
            self._connections.discard(task)
            writer.close()
            self._end_if_unused()

    async def _lend(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis = bool(request["redis"])
        pair = self._free_pair(redis=redis) or self._new_pair()
        pair.leased_to = int(request["pid"])
        if pair.idle is not None:
            pair.idle.cancel()
        clean = False
        try:
            await pair.start(redis=redis, tell=lambda text: _say(writer, {"tell": text}))
            _say(writer, {"lease": pair.describe()})
            clean = json.loads(await reader.readline() or b"null") == {"do": "clean"}
        except (StartError, OSError) as error:
            _say(writer, {"error": str(error)})
            self._give_up(pair)
        finally:
            if pair in self._pairs:
                self._take_back(pair, clean=clean, idle=float(request["idle"]))

    def _take_back(self, pair: ServerPair, *, clean: bool, idle: float) -> None:
        pair.leased_to = None
        pair.idle = asyncio.get_running_loop().call_later(idle, self._expire, pair)
        if not clean:
            pair.stale = True
            self._in_background(self._renew(pair))
        self._in_background(self._ready.refill())

    async def _renew(self, pair: ServerPair) -> None:
        try:
            await pair.start(redis=False, tell=lambda _: None)
        except (StartError, OSError):
            self._give_up(pair)

    def _expire(self, pair: ServerPair) -> None:
        self._give_up(pair)
        if not self._pairs:
            self._in_background(self._cluster.secure())

    def _give_up(self, pair: ServerPair) -> None:
        if pair in self._pairs:
            self._pairs.remove(pair)
            self._in_background(pair.end())

    def _free_pair(self, *, redis: bool) -> ServerPair | None:
        free = [pair for pair in self._pairs if pair.leased_to is None]
        return min(free, key=lambda pair: pair.has_redis != redis, default=None)

    def _new_pair(self) -> ServerPair:
        taken = {*self._home.pairs.iterdir(), *(pair.folder for pair in self._pairs)}
        folder = next(place for n in itertools.count(1) if (place := self._home.pairs / str(n)) not in taken)
        pair = ServerPair(folder, cluster=self._cluster, valkey=self._binaries.valkey, account=self._account)
        self._pairs.append(pair)
        return pair

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._end_if_unused()

    def _first_is_late(self) -> None:
        self._asked = True
        self._end_if_unused()

    def _end_if_unused(self) -> None:
        if self._asked and not (self._pairs or self._connections or self._work):
            self._over.set()

    async def _stop(self) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            if pair.idle is not None:
                pair.idle.cancel()
        await asyncio.gather(
            self._ready.end(), *(pair.end() for pair in pairs), leftovers.clear(self._in_use, wait=False)
        )
        self._over.set()

    def _status(self) -> dict[str, object]:
        pairs = [pair.status() for pair in self._pairs]
        return {"pid": os.getpid(), "since": self._since, "pairs": pairs, "spare": self._ready.pid}


def main(argument: str) -> None:
    """Become a daemon and keep; `argument` is JSON: folder, listener (a file descriptor), and the binaries."""
    told = json.loads(argument)
    # The run that starts a keeper waits for its own child only, so that no zombie is left behind.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    home = Home(Path(told["folder"]))
    binaries = Binaries(
        postgres=Path(told["postgres"]),
        libraries=Path(told["libraries"]) if told["libraries"] else None,
        valkey=Path(told["valkey"]),
        release=told["release"],
    )
    with home.lock.open("w") as lock:
        # An earlier keeper that is just ending holds it for a moment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket(fileno=told["listener"]) as listener:
            listener.settimeout(0)
            asyncio.run(_keep(home, binaries, Ready(told["spare"]), listener))


async def _keep(home: Home, binaries: Binaries, ready: Ready, listener: socket.socket) -> None:
    await Keeper(home, binaries, ready).serve(listener)
    sys.stderr.flush()
    # Nothing is left to save, and a thread may still wait for the lease of an earlier keeper's run.
    os._exit(0)


def _say(writer: asyncio.StreamWriter, words: dict[str, object]) -> None:
    writer.write(json.dumps(words).encode() + b"\n")


def _major(release: str) -> int:
    return int(release.removeprefix("postgres-").partition(".")[0])
