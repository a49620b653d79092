"""The folder in which embedded servers live, and how their keeper's socket is found there."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.services.values import ServicesUnavailableError

# Counts up whenever a keeper and a client of different versions would misunderstand each other.
PROTOCOL = 4

# sun_path holds 104 bytes on macOS and 108 on Linux, its final zero included.
SOCKET_PATH_BYTES = 100

# A file system in memory, on Linux. A pair needs 60 MB and its databases 8 MB each, but a learner's tables may be
# large; in a container there are often 64 MB only.
MEMORY = Path("/dev/shm")  # noqa: S108 - used with mkdtemp
MEMORY_TOTAL = 2 << 30
MEMORY_FREE = 1 << 30


@dataclass(frozen=True, slots=True)
class Home:
    """One keeper's folder: one for each release of the servers, below the folder that the user knows."""

    folder: Path

    @property
    def lock(self) -> Path:
        """Held by the keeper as long as it lives."""
        return self.folder / "keeper.lock"

    @property
    def start_lock(self) -> Path:
        """Held by a run while it looks for a keeper and starts one."""
        return self.folder / "start.lock"

    @property
    def log(self) -> Path:
        """What the latest keeper had to complain about."""
        return self.folder / "keeper.log"

    @property
    def key(self) -> Path:
        """Holds what a run shows the keeper to get the spare; a submission that reaches the socket cannot read it."""
        return self.folder / "keeper.key"

    @property
    def pristine(self) -> Path:
        """The initialised cluster of which every pair gets a copy."""
        return self.folder / "pristine"

    @property
    def software(self) -> Path:
        """A copy of the binaries, where the servers' account cannot reach the installed ones."""
        return self.folder / "software"

    @property
    def pairs(self) -> Path:
        """Holds one folder for each pair of servers; made by the keeper, who is its only user."""
        return self.folder / "pairs"

    def make_pairs(self) -> None:
        """Make the folder of pairs: in memory where there is enough, else here.

        A database is some 300 files: 8 ms to make in memory, 15 to 250 ms on a disk (ext4, measured).
        """
        if self.pairs.exists():
            return
        # After a reboot the link is left, and what was in memory is not.
        self.pairs.unlink(missing_ok=True)
        if _has_room(MEMORY):
            place = Path(tempfile.mkdtemp(prefix="backend-katas-", dir=MEMORY))
            self.pairs.symlink_to(place)
        else:
            self.pairs.mkdir(mode=0o700)
        _open_for_servers(self.pairs)

    def forget_pairs(self) -> None:
        """Remove the folder of pairs, unless there is one left."""
        place = self.pairs.resolve()
        with suppress(OSError):
            place.rmdir()
            if self.pairs.is_symlink():
                self.pairs.unlink()

    @property
    def socket_record(self) -> Path:
        """Holds the path of the keeper's socket."""
        return self.folder / "socket"

    def socket(self) -> Path | None:
        """Read where the keeper's socket is, if one was ever made."""
        try:
            return Path(self.socket_record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def new_socket(self) -> Path:
        """Choose a path for the socket, in a private folder elsewhere where this one's path is too long."""
        path = self.folder / "keeper.sock"
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
            old = self.socket()
            if old is not None:
                self.forget_socket()
            path = Path(tempfile.mkdtemp(prefix="katas-")) / "keeper.sock"
            if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
                path = Path(tempfile.mkdtemp(prefix="katas-", dir="/tmp")) / "keeper.sock"
        draft = self.folder / "socket.new"
        draft.write_text(str(path), encoding="utf-8")
        draft.replace(self.socket_record)
        return path

    def forget_socket(self) -> None:
        """Remove the socket, and the folder that was made for it."""
        path = self.socket()
        if path is None:
            return
        path.unlink(missing_ok=True)
        if path.parent != self.folder:
            with suppress(OSError):
                path.parent.rmdir()
        self.socket_record.unlink(missing_ok=True)


def default_folder() -> Path:
    """Choose the folder for this user: below the cache folder, or for root where another account can enter."""
    if os.geteuid() == 0:
        return Path("/var/tmp/backend-katas-0")  # noqa: S108 - `prepare` refuses it if another user made it
    with suppress(RuntimeError):
        cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        cache = named if named.is_absolute() else cache
        if os.access(next(place for place in (cache, *cache.parents) if place.exists()), os.W_OK | os.X_OK):
            return cache / "backend-katas"
    return Path(tempfile.gettempdir()) / f"backend-katas-{os.geteuid()}"


def prepare(folder: Path, release: str) -> Home:
    """Make the folders of a home; raises ServicesUnavailableError where they are not this user's alone."""
    home = Home(folder.absolute() / f"{release}-{PROTOCOL}")
    try:
        if not home.folder.parent.exists():
            home.folder.parent.mkdir(parents=True, mode=0o700)
            _open_for_servers(home.folder.parent)
        _check_owner(home.folder.parent, {os.geteuid(), 0})
        with suppress(FileExistsError):
            home.folder.mkdir(mode=0o700)
        _check_owner(home.folder, {os.geteuid()})
        _open_for_servers(home.folder)
    except OSError as error:
        message = f"The servers need a folder of their own, but {folder} cannot be made: {error}. Choose another home."
        raise ServicesUnavailableError(message) from error
    return home


def existing(folder: Path) -> list[Home]:
    """List the homes of all releases below the folder that the user knows."""
    if not folder.is_dir():
        return []
    return [Home(place) for place in sorted(folder.absolute().iterdir()) if (place / "keeper.lock").exists()]


def _has_room(folder: Path) -> bool:
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    total, free = status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize
    return total >= MEMORY_TOTAL and free >= MEMORY_FREE and os.access(folder, os.W_OK | os.X_OK)


def _check_owner(folder: Path, owners: set[int]) -> None:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        message = f"{folder} is not a folder of this user's, so servers are not kept there. Choose another home."
        raise ServicesUnavailableError(message)


def _open_for_servers(folder: Path) -> None:
    # The account that stands in for root has to pass through, and sees only the folders that are its own.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    if stat.S_IMODE(folder.stat().st_mode) != mode:
        folder.chmod(mode)
