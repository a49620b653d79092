"""The result file."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest

from grader.report.document import ResultFileError, document, read
from grader.tests.report.examples import EXAMPLES, LOST_UPDATE, finding, result
from grader.tests.report.hostile import HOSTILE, NASTY
from grader.verdict import CheckResult, Evidence, Outcome, Place, Verdict


def _checks(*results: CheckResult) -> list[dict[str, object]]:
    text = document([Verdict("katas/04", "04_optimistic_locking", "embedded", {}, 1, results)])
    found: list[dict[str, object]] = json.loads(text.encode("utf-8"))["submissions"][0]["checks"]
    return found


def test_a_timeline_is_plain_data() -> None:
    """A finding's timeline is in the file with all that it holds, null where there is none."""
    passed = CheckResult("stale", "A stale save is refused.", 1, "behaviour", 4, Outcome.PASSED)
    wrong, right = _checks(result(LOST_UPDATE), passed)
    assert right["timeline"] is None
    timeline = wrong["timeline"]
    assert isinstance(timeline, dict)
    assert timeline["anomaly"] == "lost update"
    assert timeline["lanes"][1] == {"label": 'request B · PUT /books/7 title="Dune"', "outcome": "200"}
    assert timeline["moments"][4] == {
        "lane": 0,
        "text": "UPDATE books SET price=900",
        "note": "1 row",
        "place": {"file": "app/books.py", "line": 38},
        "bad": True,
        "remark": "written from line 1; line 4 changed the row since",
        "fault": False,
        "waited_until": None,
    }


def test_any_text_can_be_written() -> None:
    """Half a surrogate pair, which UTF-8 cannot hold, comes out of the file as it went in."""
    timeline = _checks(result(HOSTILE))[0]["timeline"]
    assert isinstance(timeline, dict)
    assert timeline["title"] == NASTY


def _everything() -> list[Verdict]:
    evidence = (Evidence(NASTY, (NASTY, ""), Place("app/main.py", 3)), Evidence("nothing"))
    found = replace(finding(HOSTILE), timeline=None, evidence=evidence, place=Place(NASTY, 7))
    results = [
        *(result(timeline) for timeline in (*EXAMPLES.values(), HOSTILE)),
        replace(result(LOST_UPDATE), finding=found),
        *(CheckResult(outcome, NASTY, 2, "cost", 4, outcome, NASTY, None, 1.5) for outcome in Outcome),
        replace(result(LOST_UPDATE), outcome=Outcome.PASSED, finding=None, complete=False),
    ]
    return [
        Verdict("katas/04", "04_optimistic_locking", "embedded", {"postgres": "18.6"}, 1, tuple(results)),
        Verdict(NASTY, "x", "external", {}, 7),
    ]


def test_what_was_written_is_read() -> None:
    """A result file that is read and written again is the same file."""
    text = document(_everything())
    assert document(read(text)) == text


def test_a_verdict_goes_from_process_to_process() -> None:
    """A verdict that is pickled comes out whole, its findings too."""
    assert document(pickle.loads(pickle.dumps(_everything()))) == document(_everything())  # noqa: S301 -- our own


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no result file"),
        ("[]", "it is no result file"),
        ("{}", "it is no result file"),
        ('{"version": 2, "submissions": []}', "its version is 2, and this program reads version 1"),
        ('{"version": 1, "submissions": [{}]}', "it is no result file"),
        ('{"version": 1, "submissions": 3}', "it is no result file"),
        (document(_everything()).replace('"failed"', '"lost"'), "it is no result file"),
    ],
)
def test_another_file_is_refused(text: str, message: str) -> None:
    """What is no result file of this version is said to be none."""
    with pytest.raises(ResultFileError, match=message):
        read(text)
