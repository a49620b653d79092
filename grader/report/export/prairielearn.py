"""The results of PrairieLearn's external grading: https://docs.prairielearn.com/externalGrading/#grading-results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.report.export.score import as_json, at_most

if TYPE_CHECKING:
    from grader.report.export.score import Line, Score

MOST_BYTES = 800_000
"""Of all texts together: PrairieLearn takes files up to 1 MB, and JSON's own letters come on top."""


def prairielearn(score: Score) -> str:
    """Return the document.

    Where the service did not start, or a check has no verdict, the submission is not gradable: no attempt is lost.
    """
    size = MOST_BYTES // max(1, len(score.lines))
    document: dict[str, object] = {
        "gradable": score.started and not score.open,
        "message": score.summary,
        "tests": [_test(line, size) for line in score.lines],
    }
    if document["gradable"]:
        document["score"] = score.earned / score.points if score.points else 0.0
    else:
        document["format_errors"] = [_why(score)]
    return as_json(document)


def _why(score: Score) -> str:
    first = score.first
    if not score.started and first is not None:
        return f"The service did not start: {at_most(first.message, 10_000)}"
    return score.summary


def _test(line: Line, size: int) -> dict[str, object]:
    # escaped letters take twice their size
    return {
        "name": f"{line.number} {line.title}",
        "description": line.check,
        "points": line.earned,
        "max_points": line.points,
        "message": "" if line.passed else line.word,
        "output": at_most(line.text, size // 2),
    }
