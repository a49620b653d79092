"""What a person means by `04` and `mistakes/rows_not_counted`: a kata, and code for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.cli import Complaint
from grader.kata import KATAS, SOLUTIONS, KataError, Submission, load_entry, load_submission
from grader.services import Settings


@dataclass(frozen=True, slots=True)
class Chosen:
    """A submission, what it is called, and its folder as it is typed in a command."""

    submission: Submission
    name: str
    path: str


def chosen(kata: str, on: str = "") -> Chosen:
    """Return the code of a kata that is meant: the learner's own, one of `solutions/`, or a folder; else a Complaint.

    `kata` is a number (`04`, `4`), a folder's name or its path; `on` is `starter`, `reference`, `mistakes/NAME` or a
    folder.
    """
    name = _named(kata)
    solution = SOLUTIONS / name / on
    corpus = on in {"starter", "reference"} or on.startswith(("alternatives/", "mistakes/"))
    folder = solution if corpus else Path(on).resolve() if on else KATAS / name
    if corpus and not folder.is_dir():
        kind = on.partition("/")[0]
        known = ", ".join(sorted(path.parent.name for path in (SOLUTIONS / name / kind).glob("*/about.toml")))
        raise Complaint(f"{on}: kata {name[:2]} has no such solution; {kind} has {known}")
    if not corpus and not (folder / "kata.toml").is_file():
        raise Complaint(f"{on or folder}: no kata.toml there; name reference, mistakes/NAME or a folder that has one")
    try:
        submission = load_entry(folder).submission if corpus else load_submission(folder)
    except KataError as error:
        raise Complaint(str(error)) from error
    if submission.kata.name != name:
        raise Complaint(f"{on}: that is kata {submission.kata.number:02d}, not {name[:2]}")
    path = os.path.relpath(folder)
    return Chosen(submission, on or "your code", str(folder) if path.startswith("..") else path)


def _named(kata: str) -> str:
    """Return the folder's name of the kata that is meant; a Complaint where there is none."""
    names = sorted(path.parent.parent.name for path in SOLUTIONS.glob("*/starter/kata.toml"))
    wanted = Path(kata).name
    found = [name for name in names if wanted == name or (wanted.isdecimal() and int(wanted) == int(name[:2]))]
    if not found:
        raise Complaint(f"{kata}: no such kata; there are {', '.join(name[:2] for name in names)}")
    return found[0]


def services() -> Settings:
    """Return where servers come from, as the environment says; see `pytest --help`."""
    home = os.environ.get("BACKEND_KATAS_SERVICES_HOME")
    return Settings(home=Path(home) if home else None)
