"""`kata grade`: many submissions, a table and a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.running import Jobs, Services, grade_all
from grader.cli.writing import require_writable, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.report.export import Score

Folders = Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Submissions, or folders of submissions.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write a row for each submission to this file.")]
Result = Annotated[Path | None, typer.Option("--result-json", help="Write the verdicts to this file.")]

MOST_COLUMNS = 40
"""Of a submission's name in the table; a longer one goes on in the next line."""
OTHER_COLUMNS = 25
"""Of number, points and the space between."""
FEWEST_COLUMNS = 20
"""Of what is said of it."""


def command(
    folders: Folders, jobs: Jobs = 0, csv: Csv = None, result_json: Result = None, services: Services = None
) -> None:
    """Grade many submissions: a table and a CSV.

    A folder is a submission, or holds submissions: a class's folder with alice/03, bob/03 in it.

    Exit status: 0 all passed, 1 something failed, 3 no verdict on a submission or a check.
    """
    from grader.cli.submissions import find_submissions  # noqa: PLC0415 -- `kata --help` need not pay for its import
    from grader.report.document import document  # noqa: PLC0415 -- likewise
    from grader.report.export import Score, csv_of_submissions  # noqa: PLC0415 -- likewise

    for path in (csv, result_json):
        require_writable(path)
    found = find_submissions(folders)
    troubles = {one.name: one.trouble for one in found if not one.submission}
    verdicts, scores = [], []
    submissions = {one.name: one.submission for one in found if one.submission}
    graded = grade_all(list(submissions.values()), jobs, services)
    for name, one in zip(submissions, graded, strict=True):
        if one.verdict is None:
            troubles[name] = one.trouble
        else:
            verdicts.append(one.verdict)
            scores.append(Score.of(one.verdict, one.submission.kata, name))
    _show(scores, troubles)
    if csv:
        write(csv, csv_of_submissions(scores, troubles))
    if result_json:
        write(result_json, document(verdicts))
    raise typer.Exit(_status(scores, troubles))


def _status(scores: Sequence[Score], troubles: Mapping[str, str]) -> int:
    if troubles or any(score.open for score in scores):
        return 3
    return 0 if all(line.passed for score in scores for line in score.lines) else 1


def _show(scores: Sequence[Score], troubles: Mapping[str, str]) -> None:
    """Print a table, a line for each submission where its name is short; whatever is in a name is written out."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- likewise
    from rich.console import Console  # noqa: PLC0415 -- likewise
    from rich.table import Table  # noqa: PLC0415 -- likewise
    from rich.text import Text  # noqa: PLC0415 -- likewise

    from grader.report.columns import cut, printable  # noqa: PLC0415 -- likewise

    console = Console()
    rows = [_row(score) for score in scores]
    rows += [
        (printable(name), "", "none", f"no verdict: {trouble.splitlines()[-1]}") for name, trouble in troubles.items()
    ]
    widest = min(MOST_COLUMNS, max((len(name) for name, *_ in rows), default=0))
    left = max(FEWEST_COLUMNS, console.width - widest - OTHER_COLUMNS)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Submission", max_width=MOST_COLUMNS, overflow="fold")
    table.add_column("Kata")
    table.add_column("Points", justify="right")
    table.add_column("First finding")
    for name, kata, points, told in rows:
        table.add_row(*map(Text, (name, kata, points, cut(printable(told), left))))
    console.print(table)


def _row(score: Score) -> tuple[str, str, str, str]:
    first = score.first
    told = f"{first.check}: {first.message}" if first else "all of it holds"
    return score.name, f"{score.kata.number:02d}", f"{score.earned} of {score.points}", told
