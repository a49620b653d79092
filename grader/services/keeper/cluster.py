"""A Postgres cluster that is initialised once, and the copies of it in which servers run."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from grader.services import base
from grader.services.account import own
from grader.services.keeper.ports import free_port
from grader.services.keeper.private import write_private
from grader.services.keeper.process import Program, Server, StartError, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.services.account import Account
    from grader.services.home import Home

SUPERUSER = "postgres"
PORT_ATTEMPTS = 5
# A worker process for reading ahead is memory that small tables never pay back; the setting is new in 18.
# Shared memory is made in the data directory, where it goes with the rest when a server is killed.
SETTINGS = {
    **base.SETTINGS,
    "io_method": "sync",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Cluster:
    """The initialised cluster below a home, made when it is first needed."""

    def __init__(self, home: Home, installation: Path, account: Account, *, major: int) -> None:
        self._home = home
        self._account = account
        self._binaries = installation / "bin"
        self._major = major
        self._making = asyncio.Lock()

    @property
    def password(self) -> str:
        """The superuser's password, the same in every copy."""
        return self._password_file.read_text(encoding="utf-8")

    async def secure(self) -> None:
        """Bring the cluster to the disk, so that it outlives a power cut; for when nobody waits."""
        if self._home.pristine.exists() and not self._on_disk.exists():
            command: list[str | Path] = [self._binaries / "initdb", "--sync-only", "-D", self._home.pristine]
            await run(command, account=self._account, folder=self._home.folder)
            self._on_disk.touch()

    def _usable(self) -> bool:
        """Whether there is a cluster of which no part can have been lost since it was made."""
        if not self._home.pristine.exists():
            return False
        return self._on_disk.exists() or self._boot.read_text(encoding="utf-8") == _this_boot()

    @property
    def _on_disk(self) -> Path:
        return self._home.folder / "pristine.on-disk"

    @property
    def _boot(self) -> Path:
        return self._home.folder / "pristine.boot"

    @property
    def _password_file(self) -> Path:
        return self._home.folder / "password"

    async def start(self, folder: Path, tell: Callable[[str], None]) -> Server:
        """Start a Postgres on a fresh copy in `folder`, which is this account's; raises StartError."""
        async with self._making:
            made_now = not self._usable()
            if made_now:
                await self._make(tell)
        try:
            return await self._start_copy(folder)
        except StartError:
            if made_now:
                raise
        # What lay there since an earlier day may have lost files, to a cleaner of temporary folders or a power cut.
        async with self._making:
            await self._make(tell)
        return await self._start_copy(folder)

    async def _start_copy(self, folder: Path) -> Server:
        data = folder / "postgres"
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
        await run(["cp", "-Rp", self._home.pristine, data], account=own(), folder=self._home.folder)
        for attempt in range(PORT_ATTEMPTS):
            port = free_port()
            settings = {**SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
            try:
                program = Program(
                    name="PostgreSQL",
                    command=[self._binaries / "postgres", "-D", data, *_flags(settings)],
                    folder=data,
                    ready=b"database system is ready to accept connections",
                    port=port,
                )
                return await Server.start(program, self._account)
            except StartError as error:
                if attempt + 1 == PORT_ATTEMPTS or "could not bind" not in str(error):
                    raise
        raise AssertionError

    async def _make(self, tell: Callable[[str], None]) -> None:
        tell(f"Initialising a PostgreSQL {self._major} cluster (once, about a second) …")
        self._on_disk.unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, self._home.pristine, ignore_errors=True)
        draft = self._home.folder / "draft"
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        os.chown(draft, self._account.uid, self._account.gid)
        password = secrets.token_urlsafe(24)
        write_private(draft / "password", password, self._account)
        data = draft / "data"
        await run(self._initdb(data, draft / "password"), account=self._account, folder=draft)
        for database, statements in (
            ("postgres", [base.make_base(self._major), *base.close_doors()]),
            (base.BASE, base.fill_base()),
            ("postgres", base.seal_base()),
        ):
            # Single-user mode with -j takes statements that end in a semicolon and an empty line.
            feed = "".join(f"{statement};\n\n" for statement in statements)
            flags = _flags({**SETTINGS, "exit_on_error": "on"})
            single: list[str | Path] = [self._binaries / "postgres", "--single", "-j", "-D", data, *flags, database]
            await run(single, account=self._account, folder=data, feed=feed)
        write_private(self._password_file, password, own())
        self._boot.write_text(_this_boot(), encoding="utf-8")
        data.rename(self._home.pristine)
        await asyncio.to_thread(shutil.rmtree, draft)

    def _initdb(self, data: Path, password_file: Path) -> list[str | Path]:
        return [
            self._binaries / "initdb",
            *("-D", data, "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--wal-segsize=4"),
            *("--no-sync", "--no-instructions", "--no-data-checksums", "--set=scram_iterations=1"),
        ]


def _flags(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _this_boot() -> str:
    """Tell this run of the machine from others; where that cannot be told, no two times are the same."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")
    except FileNotFoundError:
        return secrets.token_hex()
