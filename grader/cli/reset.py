"""`kata reset`: the starter again, with the attempt kept."""

from __future__ import annotations

from grader.cli.chosen import Named, learners_folder
from grader.cli.terminal import out
from grader.progress import Attempt, keep, put_starter


def command(kata: Named = None) -> None:
    """Put the starter back; your attempt is kept."""
    submission = learners_folder(kata)
    kept = keep(submission.folder) if submission.folder.is_dir() else None
    put_starter(submission.folder)
    out().print(said(submission.kata.number, kept), soft_wrap=True)


def said(number: int, kept: Attempt | None) -> str:
    """Return what was done, and how it is undone."""
    done = f"katas/{number:02d} is the starter again."
    if kept is None:
        return f"{done} There was no attempt to keep."
    return (
        f"{done}\n"
        f"Your attempt is kept as number {kept.number}, in {kept.folder}.\n"
        f"It comes back with: kata restore {number:02d} {kept.number}"
    )
