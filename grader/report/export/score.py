"""A verdict as gradebooks want it: a line for every check of the kata, and each line with its points."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from grader.report.columns import printable
from grader.report.terminal import render_result
from grader.verdict import CheckResult, Outcome, Verdict

if TYPE_CHECKING:
    from grader.kata import Kata

NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Line:
    """One check: `number` is its task and its place there (`2.1`), `outcome` None where it was not run.

    `message` is what was found in one line, `text` all that a learner reads of it; both are empty where it passed, and
    hold no control character.
    """

    check: str
    title: str
    task: int
    number: str
    kind: str
    points: int
    earned: int
    outcome: Outcome | None
    seconds: float
    message: str
    text: str

    @property
    def passed(self) -> bool:
        """Whether the check passed."""
        return self.outcome is Outcome.PASSED

    @property
    def word(self) -> str:
        """The outcome in a word."""
        return self.outcome.value if self.outcome else NOT_RUN


@dataclass(frozen=True, slots=True)
class Score:
    """All lines of one submission; `name` is how its folder is called."""

    name: str
    kata: Kata
    lines: tuple[Line, ...]
    first: Line | None
    """The first that did not pass and tells something of its own; where none does, the first that was not run."""
    started: bool
    """False where the service did not start, so that nothing of it could be checked."""

    @classmethod
    def of(cls, verdict: Verdict, kata: Kata, name: str) -> Self:
        """Return the score of a verdict; `kata` says which checks there are, also of those that were not run."""
        results = {result.check: result for result in verdict.results}
        lines = tuple(
            _line(results.get(check), check, kata, task.number, f"{task.number}.{place}")
            for task in kata.tasks
            for place, check in enumerate(task.points, 1)
        )
        started = not any(r.outcome is Outcome.BLOCKED and r.finding for r in verdict.results)
        telling = {r.check for r in verdict.results if r.outcome is not Outcome.PASSED and r.said_here}
        first = next((line for line in lines if line.check in telling), None)
        first = first or next((line for line in lines if not line.passed), None)
        return cls(printable(name), kata, lines, first, started)

    @property
    def earned(self) -> int:
        """Points earned in all."""
        return sum(line.earned for line in self.lines)

    @property
    def points(self) -> int:
        """Points that there are."""
        return sum(line.points for line in self.lines)

    @property
    def open(self) -> int:
        """How many checks have no verdict: not run, or the grader could not tell."""
        return self.count(None, Outcome.INCONCLUSIVE, Outcome.ERROR)

    def count(self, *outcomes: Outcome | None) -> int:
        """Return how many checks had one of these outcomes."""
        return sum(line.outcome in outcomes for line in self.lines)

    @property
    def summary(self) -> str:
        """The points in a sentence, and whether the submission must be graded again."""
        told = f"Kata {self.kata.number:02d}, {self.kata.title}: {self.earned} of {self.points} points."
        if self.open:
            told += f" {self.open} of {len(self.lines)} checks have no verdict; grade the submission again."
        return told


def _line(result: CheckResult | None, check: str, kata: Kata, task: int, number: str) -> Line:
    points = kata.points[check][1]
    if result is None:
        told = "This check was not run."
        return Line(check, check, task, number, "", points, 0, None, 0.0, told, told)
    message = text = ""
    if result.outcome is not Outcome.PASSED:
        # the last line of a traceback is what it says
        lines = result.message.strip().splitlines() or [result.outcome.value]
        message = printable(lines[-1 if result.outcome is Outcome.ERROR else 0])
        text = render_result(result, (), f"katas/{kata.name}/kata.toml::{check}")
    title, earned = printable(result.title), points if result.outcome is Outcome.PASSED else 0
    return Line(check, title, task, number, result.kind, points, earned, result.outcome, result.seconds, message, text)


def as_json(document: dict[str, object]) -> str:
    """Return a document as text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def at_most(text: str, size: int) -> str:
    """Return the text, cut where it is longer than so many bytes."""
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore") + " …"
