"""`kata dev check`: the whole contract of a kata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.dev.corpus import Katas, grade_corpus, no_verdict, open_all
from grader.cli.running import Jobs, Services, many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.contract.dossier import Dossier, Fault
    from grader.grade.many import Graded
    from grader.kata import Entry

FilesOnly = Annotated[bool, typer.Option("--files-only", help="Read the files, and grade nothing.")]


def check(katas: Katas = None, *, files_only: FilesOnly = False, jobs: Jobs = 0, services: Services = None) -> None:
    """Hold katas against all that a kata must be.

    One line for each fault.

    First the files: brief, hints, checks, points, corpus, transcripts, lint. Then every solution is graded: the
    starter is red for its recorded reasons, references pass, each mistake is caught by the checks it names, in the
    words it names, with the transcript it has.

    Exit status: 0 all of it holds, 1 there are faults, 3 the grader could not tell.
    """
    dossiers, faults = open_all(katas)
    faults += [fault for dossier in dossiers for fault in _of_files(dossier)]
    gradable = [dossier for dossier in dossiers if dossier.checks and not files_only]
    graded = grade_corpus(gradable, jobs, services) if gradable else []
    faults += [fault for entry, one in graded for fault in _of_grading(entry, one)]
    for fault in faults:
        typer.echo(str(fault))
    solutions = f", {many(len(graded), 'solution')} graded" if graded else ", nothing graded"
    told = many(len(faults), "fault") if faults else "all of it holds"
    typer.echo(f"{many(len(dossiers), 'kata')}{solutions}: {told}.", err=bool(faults))
    if any(no_verdict(one) for _, one in graded):
        raise typer.Exit(3)
    raise typer.Exit(1 if faults else 0)


def _of_files(dossier: Dossier) -> Iterator[Fault]:
    from grader.contract.lint import lint  # noqa: PLC0415 -- `kata --help` need not pay for its import
    from grader.contract.rules import FRESH, RULES  # noqa: PLC0415 -- likewise

    for rule in (*RULES, *FRESH):
        yield from rule(dossier)
    yield from lint([dossier.solutions])


def _of_grading(entry: Entry, graded: Graded) -> Iterator[Fault]:
    from grader.contract.dossier import Fault  # noqa: PLC0415 -- likewise
    from grader.contract.judge import complaints  # noqa: PLC0415 -- likewise

    where = f"solutions/{entry.submission.kata.name}/{entry.name}"
    if graded.verdict is None:
        yield Fault(where, f"no verdict: {graded.trouble.splitlines()[-1]}")
        return
    for complaint in complaints(entry, graded.verdict):
        yield Fault(where, complaint)
