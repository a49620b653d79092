"""`kata export`: a result file in the formats that other tools read."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.cli.writing import require_writable, write

if TYPE_CHECKING:
    from grader.report.export import Score


class Format(StrEnum):
    """What can be made of a result file."""

    JUNIT = "junit"
    GRADESCOPE = "gradescope"
    PRAIRIELEARN = "prairielearn"
    CLASSROOM50 = "classroom50"
    CSV = "csv"
    CSV_CHECKS = "csv-checks"


FOR_ONE = frozenset({Format.GRADESCOPE, Format.PRAIRIELEARN, Format.CLASSROOM50})
"""Formats that hold one submission."""

Name = Annotated[Format, typer.Argument(metavar="FORMAT", help=", ".join(Format))]
File = Annotated[Path, typer.Argument(metavar="RESULT.json", help="What --result-json wrote.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write here; else to standard output.")]
Only = Annotated[str | None, typer.Option("--submission", help="Of several submissions, this one.")]


def command(name: Name, result: File, output: Output = None, submission: Only = None) -> None:
    """Turn a result file into JUnit XML, a gradebook's JSON or CSV."""
    require_writable(output)
    text = _rendered(name, _chosen(_scores(result), submission, name, result))
    if output:
        write(output, text)
    else:
        sys.stdout.write(text)


def _scores(result: Path) -> list[Score]:
    from grader.cli.submissions import shown  # noqa: PLC0415 -- `kata --help` need not pay for its import
    from grader.kata import KataError, load_kata  # noqa: PLC0415 -- likewise
    from grader.report.document import ResultFileError, read  # noqa: PLC0415 -- likewise
    from grader.report.export import Score  # noqa: PLC0415 -- likewise

    try:
        verdicts = read(result.read_text(encoding="utf-8"))
        return [Score.of(verdict, load_kata(verdict.kata), shown(Path(verdict.submission))) for verdict in verdicts]
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"{result} cannot be read: {error}") from error
    except (ResultFileError, KataError) as error:
        raise Complaint(f"{result}: {error}; kata grade --result-json and pytest --result-json write one") from error


def _chosen(scores: list[Score], submission: str | None, name: Format, result: Path) -> list[Score]:
    names = ", ".join(score.name for score in scores)
    if submission is not None:
        scores = [score for score in scores if Path(score.name) == Path(submission)]
        if not scores:
            raise Complaint(f"{result} has no submission {submission!r}; it has {names or 'none'}")
    if name in FOR_ONE and len(scores) != 1:
        raise Complaint(
            f"{name} is for one submission, and {result} has {len(scores)}; "
            f"choose one with --submission: {names or 'none'}"
        )
    return scores


def _rendered(name: Format, scores: list[Score]) -> str:
    from grader.report import export  # noqa: PLC0415 -- likewise

    match name:
        case Format.JUNIT:
            return export.junit(scores)
        case Format.CSV:
            return export.csv_of_submissions(scores)
        case Format.CSV_CHECKS:
            return export.csv_of_checks(scores)
        case Format.GRADESCOPE:
            return export.gradescope(scores[0])
        case Format.PRAIRIELEARN:
            return export.prairielearn(scores[0])
        case Format.CLASSROOM50:
            try:
                identity = export.Identity.from_environment(os.environ)
            except export.IdentityError as error:
                raise Complaint(str(error)) from error
            return export.classroom50(scores[0], identity, datetime.now(UTC))
