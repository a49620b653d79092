"""Verdicts as one HTML page that stands alone: nothing in it is loaded from elsewhere, and nothing in it runs."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from grader.report.columns import printable
from grader.report.look import PAGE
from grader.report.schedule import place_of, tidied
from grader.report.svg import timeline_svg
from grader.report.terminal import MARKS, command, line_of
from grader.verdict import CheckResult, Evidence, Finding, Outcome, Place, Timeline, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from grader.kata import Kata

MOST_LINES = 200
"""Lines shown of one piece of evidence or of a message; of each, so many letters:"""
MOST_LETTERS = 1000
_WIDE, _NARROW = 940, 400
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Graded:
    """A verdict with what a page needs besides: `name` is how the learner names the folder.

    `folders` are the submission's, the uppermost layer first; `again` has the pytest id of each check that was made.
    """

    verdict: Verdict
    kata: Kata
    name: str
    folders: tuple[Path, ...]
    again: Mapping[str, str]


def page(graded: Sequence[Graded]) -> str:
    """Return the page's HTML."""
    title = f"{_many(len(graded), 'submission')} graded"
    if len(graded) == 1:
        title = f"{graded[0].name}: {graded[0].verdict.earned} of {_total(graded[0])} points"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
            '<meta name="generator" content="Backend Katas">',
            f"<title>{_e(title)} · Backend Katas</title>",
            f"<style>{PAGE}</style></head>",
            "<body>",
            f'<header class="top"><p class="house">Backend Katas</p><h1>{_e(title)}</h1></header>',
            *(_contents(graded) if len(graded) > 1 else ()),
            "<main>",
            *(line for number, one in enumerate(graded, 1) for line in _submission(one, f"s{number}")),
            "</main>",
            "</body></html>\n",
        ]
    )


def _contents(graded: Sequence[Graded]) -> Iterator[str]:
    yield '<nav aria-labelledby="contents"><h2 id="contents">Submissions</h2><table>'
    yield '<thead><tr><th scope="col">Submission</th><th scope="col">Kata</th>'
    yield '<th scope="col">Checks</th><th scope="col" class="figure">Points</th></tr></thead><tbody>'
    for number, one in enumerate(graded, 1):
        counts = [(o, sum(r.outcome is o for r in one.verdict.results)) for o in Outcome]
        told = ", ".join(f"{count} {outcome.value}" for outcome, count in counts if count)
        yield f'<tr><th scope="row"><a href="#s{number}">{_e(one.name)}</a></th><td>{_e(one.kata.title)}</td>'
        yield f'<td>{told}</td><td class="figure">{one.verdict.earned} of {_total(one)}</td></tr>'
    yield "</tbody></table></nav>"


def _submission(one: Graded, key: str) -> Iterator[str]:
    verdict, kata = one.verdict, one.kata
    results = {result.check: result for result in verdict.results}
    versions = ", ".join(f"{name} {version}" for name, version in verdict.versions.items())
    yield f'<section aria-labelledby="{key}"><h2 id="{key}">{_e(one.name)}</h2>'
    yield f'<p class="soft">Kata {kata.number:02d}, {_e(kata.title)} · {_e(verdict.services)} {_e(versions)}'
    yield f" · seed {verdict.seed}</p>"
    yield f'<p class="score"><strong>{verdict.earned}</strong> of {_total(one)} points</p>'
    yield f'<table class="checks"><caption>Checks of {_e(one.name)}</caption>'
    yield '<thead><tr><th scope="col">Check</th><th scope="col">Outcome</th>'
    yield '<th scope="col" class="figure">Points</th></tr></thead>'
    for task in kata.tasks:
        made = [results[check] for check in task.points if check in results]
        if made:
            earned, worth = sum(result.earned for result in made), sum(task.points.values())
            yield f'<tbody><tr class="task"><th scope="rowgroup" colspan="2">Task {task.number} · {_e(task.title)}</th>'
            yield f'<td class="figure">{f"{earned} of {worth}" if worth else ""}</td></tr>'
            yield from (_row(result, key) for result in made)
            yield "</tbody>"
    yield "</table>"
    left_out = len(kata.points) - len(results)
    if left_out:
        yield f'<p class="soft">{left_out} of {len(kata.points)} checks were not run.</p>'
    for result in verdict.results:
        if result.outcome is not Outcome.PASSED:
            yield from _result(result, one, key)
    yield "</section>"


def _row(result: CheckResult, key: str) -> str:
    title = _e(result.title)
    if result.outcome is not Outcome.PASSED:
        title = f'<a href="#{key}-{_e(result.check)}">{title}</a>'
    return (
        f'<tr><th scope="row">{title}<br><span class="soft">{_e(_explored(result))}</span></th>'
        f"<td>{_outcome(result)}</td>"
        f'<td class="figure">{f"{result.earned} of {result.points}" if result.points else "guard"}</td></tr>'
    )


def _explored(result: CheckResult) -> str:
    parts = [result.kind]
    if result.schedules:
        parts.append(_many(result.schedules, "schedule"))
    if result.classes:
        parts.append(f"{result.classes} {'class' if result.classes == 1 else 'classes'}")
    if result.complete is not None:
        parts.append("complete" if result.complete else "bounded")
    return ", ".join(parts)


def _outcome(result: CheckResult) -> str:
    name, (sign, _) = result.outcome.value, MARKS[result.outcome]
    sign = f'<span aria-hidden="true">{sign}</span>'
    return f'<span class="outcome {name}">{sign} <span class="word">{name}</span></span>'


def _result(result: CheckResult, one: Graded, key: str) -> Iterator[str]:
    name = f"{key}-{_e(result.check)}"
    finding = result.finding
    yield f'<article aria-labelledby="{name}"><h3 id="{name}">{_e(result.title)}</h3>'
    yield f'<p class="facts">{_outcome(result)} <span class="soft">task {result.task} · {_e(_explored(result))}</span>'
    if finding and finding.timeline and finding.timeline.anomaly:
        yield f' <span class="anomaly">{_e(finding.timeline.anomaly)}</span>'
    yield "</p>"
    if finding is None:
        yield _pre(result.message.split("\n"))
    else:
        yield from finding_html(finding, one.folders, lambda timeline: _figure(timeline, name))
    again = command(one.again.get(result.check, one.name), finding.timeline if finding else None)
    shown = _e(again).replace("--replay", "<b>--replay</b>")
    yield f'<p class="again"><span>Again:</span> <code>{shown}</code></p></article>'


def finding_html(finding: Finding, folders: Sequence[Path], draw: Callable[[Timeline], Iterable[str]]) -> Iterator[str]:
    """Yield what there is to read of a finding, as HTML; `draw` makes the HTML of its schedule."""
    yield f"<dl><div><dt>The grader</dt><dd>{_e(finding.done)}</dd></div>"
    yield f"<div><dt>Seen</dt><dd>{_e(finding.seen)}</dd></div>"
    yield f"<div><dt>Must hold</dt><dd>{_e(finding.expected)}</dd></div></dl>"
    place = finding.place
    if finding.timeline:
        yield from draw(tidied(finding.timeline))
        place = place_of(finding.timeline) or place
    if place and (finding.timeline or all(evidence.place is None for evidence in finding.evidence)):
        yield _code(place, folders)
    for evidence in finding.evidence:
        yield from _evidence(evidence, folders)


def _figure(timeline: Timeline, name: str) -> Iterator[str]:
    yield "<figure>"
    for look, across in (("wide", _WIDE), ("narrow", _NARROW)):
        picture = timeline_svg(timeline, across=across, name=f"{name}-{look}", alone=False)
        yield f'<div class="{look}">{picture}</div>'
    yield from caption(timeline)
    yield "</figure>"


def caption(timeline: Timeline) -> Iterator[str]:
    """Yield what explains a picture that does not stand alone."""
    yield "<figcaption>"
    if timeline.why:
        yield f"<p><strong>Why:</strong> {_e(timeline.why)}</p>"
    if timeline.nearest:
        yield f"<p><strong>Nearest good order:</strong> {_e(timeline.nearest)}</p>"
    if timeline.explored:
        yield f'<p class="soft">{_e(timeline.explored)}</p>'
    yield "</figcaption>"


def _evidence(evidence: Evidence, folders: Sequence[Path]) -> Iterator[str]:
    yield f"<h4>{_e(evidence.title)}</h4>"
    if evidence.lines:
        yield _pre(evidence.lines)
    if evidence.place:
        yield _code(evidence.place, folders)


def _code(place: Place, folders: Sequence[Path]) -> str:
    line = line_of(place, folders)
    return f'<p class="place">at {_e(str(place))}</p>' + (_pre([line]) if line else "")


def _pre(lines: Sequence[str]) -> str:
    shown = [line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]} …" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… {len(lines) - MOST_LINES} more lines")
    text = "\n".join(map(_e, shown))
    return f"<pre><code>{text}</code></pre>"


def _e(text: str) -> str:
    """Return a text as HTML shows it, whatever is in it."""
    return escape(printable(text))


def _total(one: Graded) -> int:
    return sum(points for _, points in one.kata.points.values())


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
