"""A pair of servers in the keeper's hands: free, leased, or being made new."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from typing import TYPE_CHECKING

from grader.services.keeper.cluster import SUPERUSER
from grader.services.keeper.valkey import start_valkey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grader.services.account import Account
    from grader.services.keeper.cluster import Cluster
    from grader.services.keeper.process import Server


class ServerPair:
    """One Postgres and, once somebody asked, one Valkey, in a folder that goes when they go.

    `stale` says that a run has left something on it: it is thrown away, data and all, before the next lease. That
    needs no SQL, and trusts nothing that a submission may have changed.
    """

    def __init__(self, folder: Path, *, cluster: Cluster, valkey: Path, account: Account) -> None:
        self.folder = folder
        self.since = time.time()
        self.leased_to: int | None = None
        self.stale = False
        self.idle: asyncio.TimerHandle | None = None
        self._cluster = cluster
        self._valkey_binary = valkey
        self._account = account
        self._postgres: Server | None = None
        self._valkey: Server | None = None
        self._valkey_password = ""
        self._changing = asyncio.Lock()

    @property
    def has_redis(self) -> bool:
        """Whether a Valkey runs already."""
        return self._valkey is not None and self._valkey.running

    @property
    def lease_lock(self) -> Path:
        """Locked by the run that uses the pair, so that a new keeper can tell when that run has ended."""
        return self.folder / "lease"

    async def start(self, *, redis: bool, tell: Callable[[str], None]) -> None:
        """See that the servers run, on new data if what a run left is still there; raises StartError."""
        async with self._changing:
            if self.stale:
                redis = redis or self.has_redis
                await self._end()
                self.stale = False
            await asyncio.gather(self._start_postgres(tell), *([self._start_valkey()] if redis else []))

    async def end(self) -> None:
        """Stop the servers and remove their folder."""
        async with self._changing:
            await self._end()

    def describe(self) -> dict[str, object]:
        """Say where the servers are and how an administrator logs in, as JSON."""
        assert self._postgres is not None  # noqa: S101 - described only after `start`
        return {
            "postgres": ["127.0.0.1", self._postgres.port, SUPERUSER, self._cluster.password],
            "redis": ["127.0.0.1", self._valkey.port, "default", self._valkey_password] if self._valkey else None,
            "lock": str(self.lease_lock),
        }

    def status(self) -> dict[str, object]:
        """Say what runs, since when, and for whom, as JSON."""
        return {
            "since": self.since,
            "leased_to": self.leased_to,
            "postgres": self._postgres.pid if self._postgres is not None and self._postgres.running else None,
            "redis": self._valkey.pid if self._valkey is not None and self._valkey.running else None,
        }

    async def _start_postgres(self, tell: Callable[[str], None]) -> None:
        if self._postgres is not None and self._postgres.running:
            return
        self._make_folder()
        self._postgres = await self._cluster.start(self.folder, tell)
        self.since = time.time()

    async def _start_valkey(self) -> None:
        if self.has_redis:
            return
        self._make_folder()
        self._valkey, self._valkey_password = await start_valkey(self._valkey_binary, self.folder, self._account)

    async def _end(self) -> None:
        await asyncio.gather(*(server.stop() for server in (self._postgres, self._valkey) if server is not None))
        self._postgres = self._valkey = None
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def _make_folder(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700)
            self.lease_lock.touch(mode=0o600)
            os.chown(self.folder, self._account.uid, self._account.gid)
