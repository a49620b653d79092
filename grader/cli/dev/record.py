"""`kata dev record`: transcripts, written anew."""

from __future__ import annotations

import typer

from grader.cli.dev.corpus import Katas, grade_corpus, open_all
from grader.cli.running import Jobs, Services, many


def record(katas: Katas = None, *, jobs: Jobs = 0, services: Services = None) -> None:
    """Write the transcripts of wrong solutions anew.

    They are graded, and what a learner sees of each is written down; review it with git diff.

    Exit status: 0 all are recorded, 1 a check did not catch what it must, or not in its words.
    """
    from grader.contract.judge import complaint, record_transcript  # noqa: PLC0415 -- `kata --help` need not pay for it

    dossiers, faults = open_all(katas)
    wrong = [str(fault) for fault in faults]
    for dossier in dossiers:
        dossier.drop_stray_transcripts()
    recorded = 0
    for entry, graded in grade_corpus(dossiers, jobs, services, only_caught=True):
        where = f"solutions/{entry.submission.kata.name}/{entry.name}"
        if graded.verdict is None:
            wrong.append(f"{where}: no verdict: {graded.trouble.splitlines()[-1]}")
            continue
        record_transcript(entry, graded.verdict)
        recorded += 1
        said = ((result.check, complaint(entry, result)) for result in graded.verdict.results)
        wrong += [f"{where}: {check}: {text}" for check, text in said if text]
    for line in wrong:
        typer.echo(line)
    typer.echo(f"{many(recorded, 'transcript')} recorded; git diff shows what changed.")
    raise typer.Exit(1 if wrong else 0)
