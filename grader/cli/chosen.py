"""Which kata a person means: `3`, `03`, `03_n_plus_one`, `n_plus_one`, a folder, or nothing at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import Complaint
from grader.kata import (
    KATAS,
    SOLUTIONS,
    Kata,
    KataError,
    Submission,
    find_by_number,
    is_entry,
    load_entry,
    load_katas,
    load_submission,
)
from grader.progress import next_of, read

Named = Annotated[
    str | None, typer.Argument(metavar="[KATA]", help="3, 03, 03_n_plus_one, or a folder.", show_default=False)
]
"""The argument of verbs that are about one kata; without it, the one that the person is at."""


def kata_of(name: str | None) -> Kata:
    """Return the kata that is meant; without a name the one of this folder, the one begun last, or the next."""
    return submission_of(name).kata


def submission_of(name: str | None) -> Submission:
    """Return the folder that is meant, as a submission; Complaint where there is none such.

    A number or a name means the kata's folder in `katas/`; any path means the gradable folder that it is or lies in.
    """
    katas = load_katas()
    if name is None:
        return _around(Path.cwd()) or own(_current(katas))
    for kata in katas:
        if name in {kata.name, kata.slug} or (name.isascii() and name.isdigit() and int(name) == kata.number):
            return own(kata)
    path = Path.cwd() / name
    found = _around(find_by_number(path) or path)
    if found is None:
        there = ", ".join(f"{kata.number:02d}" for kata in katas)
        raise Complaint(f"there is no kata {name!r}; there are {there}, or name a folder that holds a kata.toml")
    return found


def own(kata: Kata) -> Submission:
    """Return the kata's folder in `katas/` as a submission, whether it is there or not."""
    folder = KATAS / kata.name
    return Submission(kata, folder, (folder,))


def learners_folder(name: str | None) -> Submission:
    """Return the submission that is meant where it must be the learner's own, in `katas/`; else Complaint."""
    found = submission_of(name)
    if found.folder != KATAS / found.kata.name:
        raise Complaint(f"{found.folder} is not the kata's own folder; this works on {KATAS / found.kata.name} only")
    return found


def require_folder(submission: Submission) -> None:
    """Complain where the folder is not there."""
    if not submission.folder.is_dir():
        number = f"{submission.kata.number:02d}"
        raise Complaint(f"{submission.folder} is not there; put the starter there: kata reset {number}", 1)


def _around(path: Path) -> Submission | None:
    if not path.exists():
        return None
    for folder in (path, *path.parents):
        if is_entry(folder):
            return load_entry(folder).submission
        if (folder / "kata.toml").is_file():
            return load_submission(folder)
    return None


def _current(katas: list[Kata]) -> Kata:
    """Return the kata that was worked on last, unless that is passed; then the next."""
    if not katas:
        raise KataError(f"{SOLUTIONS}: there is no kata")
    records = read()
    begun = [kata for kata in katas if (record := records.get(kata.name)) and record.last and not record.passed]
    last = max(begun, key=lambda kata: str(records[kata.name].last), default=None)
    return last or next_of(katas, records) or katas[0]
