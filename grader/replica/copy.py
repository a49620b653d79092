"""A copy of a submission for one run: nothing in it leads out of it, and it has a size one can live with."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAXIMUM_BYTES = 50 << 20
MAXIMUM_FILES = 5_000

SKIPPED = frozenset({
    ".git", ".hg", ".venv", "venv", "node_modules", "__pycache__",
    ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".idea", ".vscode",
})  # fmt: skip
"""What is not part of a submission: version control, virtual environments, caches, an editor's own."""


class SubmissionError(Exception):
    """The folder cannot be graded as it is; the message names the file and what is wrong with it."""


def copy_submission(folder: Path, into: Path) -> Path:
    """Copy the submission in `folder` to the new folder `into` and return it; raises SubmissionError.

    Left out: version control, virtual environments and caches. Links within the submission stay links.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder"
        raise SubmissionError(message)
    root = folder.resolve()
    into.mkdir(parents=True)
    into.chmod(0o700)
    count = size = 0
    waiting = [root]
    while waiting:
        here = waiting.pop()
        for entry in _entries(here, root):
            place = here / entry.name
            name = str(place.relative_to(root))
            if entry.name in SKIPPED:
                continue
            count += 1
            if count > MAXIMUM_FILES:
                message = f"the submission has more than {MAXIMUM_FILES:,} files; the grader takes no more"
                raise SubmissionError(message)
            target = into / name
            if entry.is_symlink():
                _copy_link(place, name, root, target)
            elif entry.is_dir():
                target.mkdir()
                waiting.append(place)
            else:
                size += _copy_file(place, name, target, MAXIMUM_BYTES - size)
    return into


def _entries(here: Path, root: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(here) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        message = f"{here.relative_to(root)} cannot be read: {error.strerror}"
        raise SubmissionError(message) from error


def _copy_link(place: Path, name: str, root: Path, target: Path) -> None:
    goal = place.readlink()
    try:
        end = place.resolve()
    except (OSError, RuntimeError) as error:
        message = f"{name} is a symbolic link that leads nowhere, to {goal}"
        raise SubmissionError(message) from error
    if not end.is_relative_to(root):
        message = f"{name} is a symbolic link that leads out of the submission, to {goal}"
        raise SubmissionError(message)
    # Relative, so that it leads to the copy and not to the original.
    target.symlink_to(os.path.relpath(end, place.parent.resolve()))


def _copy_file(place: Path, name: str, target: Path, room: int) -> int:
    try:
        # Opened without following or waiting, then looked at: what is behind a name may change meanwhile.
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if not stat.S_ISREG(place.lstat().st_mode):
            message = f"{name} is not a file, a folder or a link; the grader copies nothing else"
        else:
            message = f"{name} cannot be read: {error.strerror}"
        raise SubmissionError(message) from error
    with os.fdopen(descriptor, "rb") as source:
        about = os.fstat(source.fileno())
        if not stat.S_ISREG(about.st_mode):
            message = f"{name} is not a file, a folder or a link; the grader copies nothing else"
            raise SubmissionError(message)
        if about.st_size > room:
            message = f"the submission is larger than {MAXIMUM_BYTES >> 20} MB (at {name}); the grader takes no more"
            raise SubmissionError(message)
        with target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        target.chmod(0o755 if about.st_mode & 0o100 else 0o644)
    return about.st_size
