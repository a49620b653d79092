"""The result file."""

from __future__ import annotations

import json

from grader.report.document import document
from grader.tests.report.examples import LOST_UPDATE, result
from grader.tests.report.hostile import HOSTILE, NASTY
from grader.verdict import CheckResult, Outcome, Verdict


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
