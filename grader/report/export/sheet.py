"""CSV for a spreadsheet: a row a submission, or a row a check."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from grader.report.columns import printable
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grader.report.export.score import Score

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is computed by spreadsheets: https://owasp.org/www-community/attacks/CSV_Injection."""


def csv_of_submissions(scores: Iterable[Score], troubles: Mapping[str, str] | None = None) -> str:
    """Return a row for each submission; `troubles` says of those that have no verdict why."""
    outcomes = [outcome.value for outcome in Outcome]
    header = ["submission", "kata", "points", "of", *outcomes, "not run", "first finding"]
    rows: list[list[object]] = []
    for score in scores:
        counts = [score.count(outcome) for outcome in (*Outcome, None)]
        first = score.first
        told = f"{first.check}: {first.message}" if first else ""
        rows.append([score.name, score.kata.name, score.earned, score.points, *counts, told])
    blank = [""] * (len(header) - 2)
    rows += [[name, *blank, trouble] for name, trouble in (troubles or {}).items()]
    return _csv(header, rows)


def csv_of_checks(scores: Iterable[Score]) -> str:
    """Return a row for each check of each submission."""
    header = ["submission", "kata", "task", "check", "kind", "points", "of", "outcome", "seconds", "message"]
    return _csv(
        header,
        (
            [
                *(score.name, score.kata.name, line.task, line.check, line.kind),
                *(line.earned, line.points, line.word, f"{line.seconds:.3f}", line.message),
            ]
            for score in scores
            for line in score.lines
        ),
    )


def _csv(header: list[str], rows: Iterable[list[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
