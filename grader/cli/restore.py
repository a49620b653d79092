"""`kata restore`: a kept attempt again."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli import Complaint
from grader.cli.chosen import Named, learners_folder
from grader.cli.terminal import out
from grader.progress import attempts_of, keep, put_back


def command(
    kata: Named = None,
    attempt: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="Default: the latest.", show_default=False)
    ] = None,
    *,
    show: Annotated[bool, typer.Option("--list", help="List the kept attempts, and change nothing.")] = False,
) -> None:
    """Bring back an attempt that kata reset has kept.

    What is there now is kept too.
    """
    submission = learners_folder(kata)
    number, kept = f"{submission.kata.number:02d}", attempts_of(submission.kata.name)
    if not kept:
        raise Complaint(f"no attempt at kata {number} is kept; kata reset {number} keeps one", 1)
    if show:
        for one in kept:
            out().print(f"{one.number}  {one.moment}  {one.folder}", soft_wrap=True)
        return
    wanted = next((one for one in kept if one.number == attempt), None) if attempt is not None else kept[-1]
    if wanted is None:
        numbers = ", ".join(str(one.number) for one in kept)
        raise Complaint(f"there is no attempt {attempt} at kata {number}; there are {numbers}")
    before = keep(submission.folder) if submission.folder.is_dir() else None
    put_back(wanted, submission.folder)
    out().print(f"katas/{number} is attempt {wanted.number} again, of {wanted.moment}.", soft_wrap=True)
    if before and before != wanted:
        out().print(f"What was there is attempt {before.number}: kata restore {number} {before.number}", soft_wrap=True)
