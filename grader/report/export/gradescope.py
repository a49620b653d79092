"""Gradescope's `results.json`: https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.report.export.score import as_json

if TYPE_CHECKING:
    from grader.report.export.score import Line, Score


def gradescope(score: Score) -> str:
    """Return the document; texts are marked as plain, so that nothing in them is rendered."""
    return as_json(
        {
            "score": score.earned,
            "output": score.summary,
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"kata": score.kata.name, "without_verdict": score.open},
            "tests": [_test(line) for line in score.lines],
        }
    )


def _test(line: Line) -> dict[str, object]:
    return {
        "score": line.earned,
        "max_score": line.points,
        "status": "passed" if line.passed else "failed",
        "name": line.title,
        "number": line.number,
        "output": line.text,
        "tags": [line.check, line.kind] if line.kind else [line.check],
        "extra_data": {"outcome": line.word},
    }
