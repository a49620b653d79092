"""The starter put back, the attempt before it kept, and attempts put back: `.kata/attempts/NN_slug/`."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.kata import SOLUTIONS
from grader.progress.store import PLACE, ProgressError

_LEFT_ALONE = frozenset({".git", ".hg", ".venv", "venv", "node_modules", ".tox", ".idea", ".vscode"})
_CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
_NAMED = re.compile(r"(\d+)_(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A kept attempt: its number, from 1, the moment when it was put away, and the folder that it stands in."""

    number: int
    moment: str
    folder: Path


def attempts_of(name: str) -> list[Attempt]:
    """Return the kept attempts at the kata of this name, in the order of their numbers."""
    folder = PLACE / "attempts" / name
    named = [(match, path) for path in folder.glob("*") if (match := _NAMED.fullmatch(path.name))]
    found = [Attempt(int(match[1]), f"{match[2]} {match[3]}:{match[4]}", path) for match, path in named]
    return sorted(found, key=lambda attempt: attempt.number)


def keep(folder: Path) -> Attempt | None:
    """Keep a copy of the attempt in the folder of a kata, and return it; None where it is the starter.

    One that is kept already is not kept twice. Version control and virtual environments stay where they are.
    Raises ProgressError.
    """
    name = folder.name
    if _same(folder, _starter(name)):
        return None
    known = attempts_of(name)
    for attempt in known:
        if _same(folder, attempt.folder):
            return attempt
    number = known[-1].number + 1 if known else 1
    moment = datetime.now().astimezone()
    place = PLACE / "attempts" / name / f"{number}_{moment:%Y-%m-%d_%H-%M}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as draft:
            whole = Path(draft) / "attempt"
            shutil.copytree(folder, whole, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_ALONE, *_CACHES))
            whole.rename(place)
    except (OSError, shutil.Error) as error:
        raise ProgressError(f"the attempt in {folder} cannot be kept, so nothing was changed: {error}") from error
    return Attempt(number, f"{moment:%Y-%m-%d %H:%M}", place)


def put_starter(folder: Path) -> None:
    """Make the folder of a kata equal to its starter, in place; raises ProgressError."""
    _put(_starter(folder.name), folder)


def put_back(attempt: Attempt, folder: Path) -> None:
    """Make the folder of a kata equal to a kept attempt, in place; raises ProgressError."""
    _put(attempt.folder, folder)


def _starter(name: str) -> Path:
    return SOLUTIONS / name / "starter"


def _put(source: Path, folder: Path) -> None:
    # The folder stays the same one, for shells and editors that stand in it; each file changes at once.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _lay(source, folder)
    except OSError as error:
        raise ProgressError(f"{folder} cannot be made equal to {source}: {error}") from error


def _lay(source: Path, folder: Path) -> None:
    for there in folder.iterdir():
        wanted = source / there.name
        if there.name in _LEFT_ALONE:
            continue
        if not os.path.lexists(wanted) or _kind(wanted) != _kind(there):
            shutil.rmtree(there) if _kind(there) == "folder" else there.unlink()
    for wanted in source.iterdir():
        here = folder / wanted.name
        match _kind(wanted):
            case "folder":
                if wanted.name not in _CACHES:
                    here.mkdir(exist_ok=True)
                    _lay(wanted, here)
            case "link":
                here.unlink(missing_ok=True)
                here.symlink_to(wanted.readlink())
            case _:
                draft = folder / f".{wanted.name}.new~"
                shutil.copy(wanted, draft)
                draft.replace(here)


def _kind(path: Path) -> str:
    return "link" if path.is_symlink() else "folder" if path.is_dir() else "file"


def _same(one: Path, other: Path) -> bool:
    files = _files(one)
    if files != _files(other):
        return False
    for name in files:
        a, b = one / name, other / name
        if _kind(a) != _kind(b) or (a.is_symlink() and a.readlink() != b.readlink()):
            return False
        if not a.is_symlink() and not filecmp.cmp(a, b, shallow=False):
            return False
    return True


def _files(folder: Path) -> set[str]:
    found = set()
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_ALONE | _CACHES]
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        found |= {(Path(root) / name).relative_to(folder).as_posix() for name in (*files, *links)}
    return found
