"""The result file: one JSON document for a run, with a version in it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.verdict import CheckResult, Verdict

VERSION = 1


def document(verdicts: Iterable[Verdict]) -> str:
    """Return the result file's text, version 1."""
    submissions = [
        {
            "submission": verdict.submission,
            "kata": verdict.kata,
            "services": {"kind": verdict.services, "versions": verdict.versions},
            "seed": verdict.seed,
            "points": verdict.earned,
            "checks": [_check(result) for result in verdict.results],
        }
        for verdict in verdicts
    ]
    text = json.dumps({"version": VERSION, "submissions": submissions}, indent=2, ensure_ascii=False) + "\n"
    # half a surrogate pair, which UTF-8 cannot hold, is written as JSON's own escape of it
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _check(result: CheckResult) -> dict[str, Any]:
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
        "evidence": [asdict(evidence) for evidence in finding.evidence] if finding else [],
        "timeline": asdict(finding.timeline) if finding and finding.timeline else None,
        "seconds": round(result.seconds, 3),
        "schedules": result.schedules,
        "classes": result.classes,
        "complete": result.complete,
    }
