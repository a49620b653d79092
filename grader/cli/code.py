"""Which code of a kata is meant: the learner's own, one of its solutions, or a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.cli import Complaint
from grader.cli.chosen import kata_of, require_folder, submission_of
from grader.kata import SOLUTIONS, KataError, Submission, load_entry, load_submission

_KINDS = ("alternatives/", "mistakes/")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A submission, what it is called, and its folder as it is typed in a command."""

    submission: Submission
    name: str
    path: str


def chosen(kata: str, on: str = "") -> Chosen:
    """Return the code that is meant; a Complaint where there is none such.

    `kata` is what `submission_of` understands; `on` is `starter`, `reference`, `mistakes/NAME` or a folder, and empty
    for the learner's own.
    """
    if not on:
        own = submission_of(kata)
        require_folder(own)
        return Chosen(own, "your code", _typed(own.folder))
    name = kata_of(kata).name
    corpus = on in {"starter", "reference"} or on.startswith(_KINDS)
    folder = SOLUTIONS / name / on if corpus else Path(on).resolve()
    if corpus and not folder.is_dir():
        kind = on.partition("/")[0]
        known = ", ".join(sorted(path.parent.name for path in (SOLUTIONS / name / kind).glob("*/about.toml")))
        raise Complaint(f"{on}: kata {name[:2]} has no such solution; {kind} has {known}")
    if not corpus and not (folder / "kata.toml").is_file():
        raise Complaint(f"{on}: no kata.toml there; name reference, mistakes/NAME or a folder that has one")
    try:
        submission = load_entry(folder).submission if corpus else load_submission(folder)
    except KataError as error:
        raise Complaint(str(error)) from error
    if submission.kata.name != name:
        raise Complaint(f"{on}: that is kata {submission.kata.number:02d}, not {name[:2]}")
    return Chosen(submission, on, _typed(folder))


def _typed(folder: Path) -> str:
    path = os.path.relpath(folder)
    return str(folder) if path.startswith("..") else path
