"""Results and verdicts as text for a terminal, at most 100 columns wide where the learner's own lines allow it."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING

from grader.report.columns import printable
from grader.report.schedule import place_of, tidied
from grader.report.timeline import WIDTH, timeline_lines
from grader.verdict import CheckResult, Evidence, Outcome, Place, Timeline, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from grader.kata import Kata

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
        return lead + "\n".join(map(printable, result.message.split("\n"))) + "\n"
    timeline = finding.timeline
    parts = [
        _paragraph("The grader ", finding.done),
        _paragraph("Seen:      ", finding.seen),
        _paragraph("Must hold: ", finding.expected),
        _timeline(timeline, finding.place, folders) if timeline else "",
        *(_evidence(evidence, folders) for evidence in finding.evidence),
    ]
    if finding.place and not timeline and all(evidence.place is None for evidence in finding.evidence):
        parts.append(_code(finding.place, folders))
    parts.append(f"Again:     {command(again, timeline)}")
    return "\n".join(part for part in parts if part) + "\n"


def command(again: str, timeline: Timeline | None) -> str:
    """Return what is typed to see a finding again: its very schedule, or the check with the pytest id `again`."""
    if timeline is None or not timeline.token:
        return f"pytest {again}"
    folder = again.partition("::")[0].rpartition("/")[0] or "."
    return f"pytest {shlex.quote(folder)} --replay {shlex.quote(printable(timeline.token))}"


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
    return textwrap.fill(
        printable(text), WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False
    )


def _timeline(timeline: Timeline, place: Place | None, folders: tuple[Path, ...]) -> str:
    shown = tidied(timeline)
    place = place_of(shown) or place
    nearest = f"Nearest good order: {shown.nearest} " if shown.nearest else ""
    parts = [
        *timeline_lines(shown),
        _code(place, folders) if place else "",
        _paragraph("Why:       ", shown.why) if shown.why else "",
        _paragraph("", nearest + shown.explored),
    ]
    return "\n".join(["", *filter(None, parts)])


def _evidence(evidence: Evidence, folders: tuple[Path, ...]) -> str:
    lines = [printable(line) for line in evidence.lines[:MOST_LINES]]
    shown = [line if len(line) <= 2 * WIDTH else line[: 2 * WIDTH] + " …" for line in lines]
    if len(evidence.lines) > MOST_LINES:
        shown.append(f"… {len(evidence.lines) - MOST_LINES} more lines")
    body = [f"  {line}" for line in shown]
    code = [_code(evidence.place, folders)] if evidence.place else []
    return "\n".join(["", f"{printable(evidence.title)}:", *body, *code])


def _code(place: Place, folders: tuple[Path, ...]) -> str:
    line = line_of(place, folders)
    return f"  at {printable(str(place))}" + (f"\n      {printable(line)[:WIDTH]}" if line else "")


def line_of(place: Place, folders: Sequence[Path]) -> str:
    """Return the line of code that stands at a place, its indentation left out; empty where there is none."""
    file = next((folder / place.file for folder in folders if (folder / place.file).is_file()), None)
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file else []
        return lines[place.line - 1].strip()
    except (OSError, IndexError):
        return ""
