"""What is known of the watched folder, as it is shown: one line of the head, a row a check, a finding."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.text import Text

from grader.report.terminal import MARKS, render_result
from grader.verdict import Outcome

if TYPE_CHECKING:
    from grader.checks import Check
    from grader.cli.watch.board import Board
    from grader.kata import Submission
    from grader.verdict import CheckResult

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.BLOCKED: "yellow",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.ERROR: "bold red",
}


def head(board: Board) -> str:
    """Return the kata, its points and what is under way."""
    made = len(board.checks) - len(board.waiting)
    doing = f"grading, {made} of {len(board.checks)} made" if board.waiting else "waiting for a save"
    return f"Kata {board.kata.number:02d} · {board.earned} of {board.total} points · {doing} · {board.kata.title}"


def row(board: Board, check: Check, width: int) -> Text:
    """Return a check's line in the list; dim while it is being made again."""
    result = board.results.get(check.id)
    waiting = check.id in board.waiting
    mark, style = (MARKS[result.outcome][0], STYLES[result.outcome]) if result else (" ", "")
    worth = board.kata.points[check.id][1]
    line = Text(style="dim" if waiting else "")
    line.append("… " if waiting else f"{mark} ", "" if waiting else style)
    line.append(f"{worth or 'guard':>5}  ")
    line.append(check.title)
    line.truncate(max(width, 1), overflow="ellipsis")
    return line


def finding(board: Board, check: Check, submission: Submission) -> str:
    """Return what is to be read of a check: its finding, or that it holds."""
    result = board.results.get(check.id)
    if result is None:
        return ""
    if result.outcome is not Outcome.PASSED:
        return rendered(result, submission)
    if not board.failed and len(board.results) == len(board.checks):
        return f"All of it holds. kata diff {board.kata.number:02d} shows your code beside the reference."
    return f"✔ {check.title}"


def replayed(result: CheckResult, submission: Submission) -> str:
    """Return what came of one schedule or crash that was tried again."""
    if result.outcome is Outcome.PASSED:
        return "Replayed: with this schedule the check holds now. Save, or press a, for all the others."
    return f"Replayed:\n{rendered(result, submission)}"


def rendered(result: CheckResult, submission: Submission) -> str:
    """Return a result as pytest shows it."""
    again = f"{os.path.relpath(submission.folder)}/kata.toml::{result.check}"
    return render_result(result, submission.layers[::-1], again)
