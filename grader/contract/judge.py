"""What grading one of a kata's own solutions must find, and what it found instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.contract import transcripts
from grader.kata import PROJECT
from grader.report.columns import tidy
from grader.report.terminal import render_result
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.kata import Entry
    from grader.verdict import CheckResult, Verdict


def complaint(entry: Entry, result: CheckResult) -> str | None:
    """Return None where the result is the wanted one, else what is wrong with it."""
    words = entry.caught.get(result.check)
    if words is None and result.outcome is Outcome.PASSED:
        return None
    if words is None:
        return f"{entry.name} must pass this check."
    if result.outcome is not Outcome.FAILED:
        return f"{entry.name} must be caught by this check."
    missing = [word for word in words if word not in result.text]
    return f"{entry.name} is caught, but the message lacks: {', '.join(missing)}" if missing else None


def again_of(entry: Entry, check: str) -> str:
    """Return the pytest id of a check, from the project's root: transcripts are the same wherever they are made."""
    folder = entry.submission.folder
    name = next(name for name in ("kata.toml", "about.toml") if (folder / name).is_file())
    return f"{(folder / name).relative_to(PROJECT)}::{check}"


def rendered(entry: Entry, result: CheckResult) -> str:
    """Return what a learner reads of a result."""
    return render_result(result, entry.submission.layers[::-1], again_of(entry, result.check))


def complaints(entry: Entry, verdict: Verdict) -> Iterator[str]:
    """Yield a line for each check whose outcome, words or transcript are not the wanted ones."""
    for result in verdict.results:
        wrong = complaint(entry, result)
        if wrong is not None:
            yield f"{result.check}: {wrong} It {_came_of(result)}"
        elif result.check in entry.caught:
            path = transcripts.path_of(entry)
            if transcripts.difference(path, result.check, rendered(entry, result)):
                number = entry.submission.kata.number
                yield f"{result.check}: the transcript shows another text; kata dev record {number:02d} writes it anew"


def record_transcript(entry: Entry, verdict: Verdict) -> None:
    """Write the transcript of a solution anew: the checks that catch it, and no other."""
    path = transcripts.path_of(entry)
    path.unlink(missing_ok=True)
    for result in verdict.results:
        if result.check in entry.caught and complaint(entry, result) is None:
            transcripts.record(path, result.check, rendered(entry, result))


def _came_of(result: CheckResult) -> str:
    told = tidy(result.text)
    return f"{result.outcome.value}: {told}" if told else f"{result.outcome.value}."
