"""Results and verdicts as text for a terminal, at most 100 columns wide where the learner's own lines allow it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from grader.verdict import CheckResult, Evidence, Outcome, Place, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from grader.kata import Kata

WIDTH = 100
MOST_LINES = 30
"""Lines shown of one piece of evidence."""
MARKS = {
    Outcome.PASSED: ("✔", {"green": True}),
    Outcome.FAILED: ("✘", {"red": True}),
    Outcome.BLOCKED: ("·", {"yellow": True}),
    Outcome.INCONCLUSIVE: ("?", {"yellow": True}),
    Outcome.ERROR: ("!", {"red": True, "bold": True}),
}

Line = tuple[str, dict[str, bool]]


def render_result(result: CheckResult, folders: tuple[Path, ...], again: str) -> str:
    """Return what a learner reads of a check that did not pass.

    `folders` are the submission's, the uppermost layer first, for the lines of code that evidence points to; `again`
    is the check's pytest id.
    """
    finding = result.finding
    if finding is None:
        lead = {
            Outcome.ERROR: "The grader failed, not your service. Please report this:\n\n",
            Outcome.INCONCLUSIVE: "No verdict: ",
        }.get(result.outcome, "")
        return f"{lead}{result.message}\n"
    parts = [
        _paragraph("The grader ", finding.done),
        _paragraph("Seen:      ", finding.seen),
        _paragraph("Must hold: ", finding.expected),
        *(_evidence(evidence, folders) for evidence in finding.evidence),
    ]
    if finding.place and all(evidence.place is None for evidence in finding.evidence):
        parts.append(_code(finding.place, folders))
    parts.append(f"Again:     pytest {again}")
    return "\n".join(part for part in parts if part) + "\n"


def render_verdict(verdict: Verdict, kata: Kata, folder: str) -> list[Line]:
    """Return the table of points of a submission, and the next step; `folder` is how its learner names it."""
    results = {result.check: result for result in verdict.results}
    total = sum(points for _, points in kata.points.values())
    title = f" Kata {kata.number:02d} · {kata.title} · {verdict.earned} of {total} points "
    lines: list[Line] = [("", {}), (title.center(WIDTH, "═"), {"bold": True})]
    for task in kata.tasks:
        made = [results[check] for check in task.points if check in results]
        if not made:
            continue
        earned = sum(result.earned for result in made)
        heading = f"Task {task.number}  {task.title}"
        score = f"{earned} of {sum(task.points.values())}" if any(task.points.values()) else "kept"
        if score == "kept" and any(result.outcome is not Outcome.PASSED for result in made):
            score = "broken"
        lines.append((f"{heading:<{WIDTH - 10}}{score:>10}", {"bold": True}))
        for result in made:
            mark, style = MARKS[result.outcome]
            worth = f"{result.points}" if result.points else "guard"
            lines.append(
                (f"  {mark} {textwrap.shorten(result.title, WIDTH - 14):<{WIDTH - 10}}{worth:>6}", dict(style))
            )
    left_out = len(kata.points) - len(results)
    if left_out:
        lines.append((f"{left_out} of {len(kata.points)} checks were not run.", {}))
    return [*lines, ("", {}), *((text, {}) for text in _next(verdict, kata, folder, complete=not left_out))]


def _next(verdict: Verdict, kata: Kata, folder: str, *, complete: bool) -> list[str]:
    short = folder.replace(kata.name, f"{kata.number:02d}")
    if any(result.outcome is not Outcome.PASSED for result in verdict.results):
        first = next(r for r in verdict.results if r.outcome is not Outcome.PASSED)
        return [
            f"Next:  read the first finding above, change the code, then  pytest {short} --lf",
            f"Stuck: {folder}/hints.md has three hints for task {first.task}; {folder}/README.md is the brief.",
        ]
    if not complete:
        return [f"Next:  all checks: pytest {short}"]
    return [f"All of it holds. Compare with solutions/{kata.name}/reference and its alternatives."]


def _paragraph(lead: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False)


def _evidence(evidence: Evidence, folders: tuple[Path, ...]) -> str:
    shown = [line if len(line) <= 2 * WIDTH else line[: 2 * WIDTH] + " …" for line in evidence.lines[:MOST_LINES]]
    if len(evidence.lines) > MOST_LINES:
        shown.append(f"… {len(evidence.lines) - MOST_LINES} more lines")
    body = [f"  {line}" for line in shown]
    code = [_code(evidence.place, folders)] if evidence.place else []
    return "\n".join(["", f"{evidence.title}:", *body, *code])


def _code(place: Place, folders: tuple[Path, ...]) -> str:
    """Return the place and the line of code that stands there."""
    file = next((folder / place.file for folder in folders if (folder / place.file).is_file()), None)
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file else []
        return f"  at {place}\n      {lines[place.line - 1].strip()[:WIDTH]}"
    except (OSError, IndexError):
        return f"  at {place}"
