"""Folders as they are typed, and the submissions in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.cli import Complaint
from grader.kata import KataError, Submission, find_by_number, is_entry, kata_names, load_entry, load_submission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEPEST = 4
"""How many folders below the one that was named are looked into: a class, a person, `katas`, a kata."""


@dataclass(frozen=True, slots=True)
class Found:
    """One folder that was named or found: a submission, or the trouble with it; `name` is how it is called."""

    name: str
    submission: Submission | None
    trouble: str = ""


def find_submissions(paths: list[Path]) -> list[Found]:
    """Return the submissions that these folders are or hold, each once; Complaint where there is no such folder."""
    found: dict[Path, Found] = {}
    for path in paths:
        folder = _around(find_by_number(path) or path)
        if not folder.is_dir():
            raise Complaint(f"{path} is no folder; name submissions, or folders of submissions")
        inside = [one.absolute() for one in _submissions_in(folder, DEEPEST)]
        for one in inside:
            found.setdefault(one, _load(one))
        if not inside:
            found.setdefault(folder.absolute(), Found(shown(folder), None, "there is no kata in it"))
    return list(found.values())


def _around(path: Path) -> Path:
    """Return the submission that a file or folder within it stands for, else the path itself."""
    for folder in (path, *path.absolute().parents):
        if folder.is_dir() and ((folder / "kata.toml").is_file() or is_entry(folder.absolute())):
            return folder
    return path


def _load(folder: Path) -> Found:
    try:
        submission = load_entry(folder).submission if is_entry(folder) else load_submission(folder)
    except KataError as error:
        return Found(shown(folder), None, str(error))
    return Found(shown(folder), submission)


def shown(folder: Path) -> str:
    """Return the folder as seen from where one is, if it is below that."""
    name = os.path.relpath(folder)
    return str(folder.absolute()) if name.startswith("..") else name


def _submissions_in(folder: Path, depth: int) -> Iterator[Path]:
    if is_entry(folder.absolute()) or (folder / "kata.toml").is_file() or _named_like_a_kata(folder):
        yield folder
        return
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return
    for path in inside if depth else ():
        if not path.name.startswith((".", "__")) and path.name not in {"node_modules", "venv"}:
            yield from _submissions_in(path, depth - 1)


def _named_like_a_kata(folder: Path) -> bool:
    """Whether the folder bears a kata's name or number and has a service in it, though its kata.toml is gone."""
    known = {spelling for name in kata_names() for spelling in (name, name[:2])}
    return folder.name in known and (folder / "app").is_dir()
