"""The folder of a run, and what earlier runs could not remove of theirs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

_PREFIX = "backend-katas-"
_LOG = "parent.log"


def make_directory() -> tuple[Path, IO[bytes]]:
    """Make a folder for a run and return it with the parent's log, which is locked as long as anyone has it open."""
    sweep()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    # Others pass through to their own replica's folder, and see nothing.
    directory.chmod(0o711)
    log = (directory / "unlocked").open("wb")
    fcntl.flock(log, fcntl.LOCK_EX)
    (directory / "unlocked").rename(directory / _LOG)
    return directory, log


def read_log(directory: Path) -> str:
    """Return what the parent printed: nothing, as long as all is well."""
    try:
        return (directory / _LOG).read_text(errors="replace")
    except OSError:
        return ""


def sweep() -> None:
    """Remove the folders of runs whose every process was killed."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if directory.lstat().st_uid != os.geteuid():
                continue
            with (directory / _LOG).open("rb") as log:
                fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            # Locked: its run goes on; or removed meanwhile.
            continue
