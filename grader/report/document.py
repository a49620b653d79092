"""The result file: one JSON document for a run, with a version in it; written and read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from grader.report.result_file import VERSION
from grader.verdict import CheckResult, Evidence, Finding, Lane, Moment, Outcome, Place, Timeline, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.report.result_file import CheckEntry, FindingEntry, ResultFile, SubmissionEntry


class ResultFileError(Exception):
    """The text is no result file of this version; the message says what is wrong with it."""


def document(verdicts: Iterable[Verdict]) -> str:
    """Return the result file's text, version 1."""
    whole: ResultFile = {"version": VERSION, "submissions": [_submission(verdict) for verdict in verdicts]}
    text = json.dumps(whole, indent=2, ensure_ascii=False, default=asdict) + "\n"
    # half a surrogate pair, which UTF-8 cannot hold, is written as JSON's own escape of it
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _submission(verdict: Verdict) -> SubmissionEntry:
    return {
        "submission": verdict.submission,
        "kata": verdict.kata,
        "services": {"kind": verdict.services, "versions": verdict.versions},
        "seed": verdict.seed,
        "points": verdict.earned,
        "checks": [_check(result) for result in verdict.results],
    }


def _check(result: CheckResult) -> CheckEntry:
    finding = result.finding
    return {
        "id": result.check,
        "title": result.title,
        "task": result.task,
        "kind": result.kind,
        "points": result.points,
        "earned": result.earned,
        "outcome": result.outcome.value,
        "message": result.text,
        "finding": _finding(finding) if finding else None,
        "evidence": list(finding.evidence) if finding else [],
        "timeline": finding.timeline if finding else None,
        "seconds": round(result.seconds, 3),
        "schedules": result.schedules,
        "classes": result.classes,
        "complete": result.complete,
    }


def _finding(finding: Finding) -> FindingEntry:
    return {"done": finding.done, "seen": finding.seen, "expected": finding.expected, "place": finding.place}


def read(text: str) -> tuple[Verdict, ...]:
    """Return the verdicts that a result file holds; ResultFileError where it holds none that can be read."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ResultFileError(f"its version is {data['version']!r}, and this program reads version {VERSION}")
        return tuple(_read_verdict(submission) for submission in data["submissions"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ResultFileError(f"it is no result file: {type(error).__name__}: {error}") from error


def _read_verdict(data: dict[str, Any]) -> Verdict:
    services = data["services"]
    results = tuple(_read_check(check) for check in data["checks"])
    return Verdict(
        str(data["submission"]), str(data["kata"]), services["kind"], dict(services["versions"]), data["seed"], results
    )


def _read_check(data: dict[str, Any]) -> CheckResult:
    finding = _read_finding(data) if data["finding"] else None
    return CheckResult(
        check=str(data["id"]),
        title=str(data["title"]),
        task=int(data["task"]),
        kind=str(data["kind"]),
        points=int(data["points"]),
        outcome=Outcome(data["outcome"]),
        message=finding.seen if finding else str(data["message"]),
        finding=finding,
        seconds=float(data["seconds"]),
        schedules=int(data["schedules"]),
        classes=int(data["classes"]),
        complete=data["complete"],
    )


def _read_finding(check: dict[str, Any]) -> Finding:
    data, timeline = check["finding"], check["timeline"]
    evidence = tuple(
        Evidence(one["title"], tuple(one["lines"]), _read_place(one["place"])) for one in check["evidence"]
    )
    return Finding(
        data["done"],
        data["seen"],
        data["expected"],
        evidence,
        _read_place(data["place"]),
        _read_timeline(timeline) if timeline else None,
    )


def _read_timeline(data: dict[str, Any]) -> Timeline:
    lanes = tuple(Lane(**lane) for lane in data["lanes"])
    moments = tuple(Moment(**{**moment, "place": _read_place(moment["place"])}) for moment in data["moments"])
    return Timeline(**{**data, "lanes": lanes, "moments": moments})


def _read_place(data: dict[str, Any] | None) -> Place | None:
    return Place(**data) if data else None
