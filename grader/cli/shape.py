"""`kata shape`: the files that each use case of a submission stands on."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from grader.cli import Complaint
from grader.cli.chosen import Named, require_folder, submission_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.kata import Submission


def command(kata: Named = None) -> None:
    """Draw, for each use case, the files that a change of it touches."""
    from grader.report.footprint import render_footprint  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.shape import UnreadableError, footprint, read_code  # noqa: PLC0415 -- likewise

    submission = submission_of(kata)
    require_folder(submission)
    try:
        with _laid_out(submission) as folder:
            found = footprint(read_code(folder))
    except UnreadableError as error:
        raise Complaint(f"{submission.folder}: {error}", status=1) from error
    if not found.use_cases:
        text = f"{submission.folder}: no route is declared in app/, so there is no use case to draw"
        raise Complaint(text, status=1)
    typer.echo(render_footprint(found))


@contextmanager
def _laid_out(submission: Submission) -> Iterator[Path]:
    """Give a folder that holds the submission whole; a mistake's own holds only what differs from its reference."""
    if len(submission.layers) == 1:
        yield submission.folder
        return
    with tempfile.TemporaryDirectory(prefix="kata-shape-") as folder:
        submission.write_to(Path(folder))
        yield Path(folder)
