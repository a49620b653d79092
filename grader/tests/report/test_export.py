"""Verdicts in the formats of others, held against what those publish."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types

from grader.kata import load_kata
from grader.report.export import (
    Identity,
    IdentityError,
    Score,
    classroom50,
    csv_of_checks,
    csv_of_submissions,
    gradescope,
    junit,
    prairielearn,
)
from grader.tests.report.examples import LOST_UPDATE, finding
from grader.tests.report.hostile import HOSTILE, NASTY
from grader.tests.report.published import CLASSROOM50, GRADESCOPE, JUNIT, JUNIT_TIME, PRAIRIELEARN
from grader.verdict import CheckResult, Evidence, Finding, Outcome, Verdict

KATA = load_kata("04_optimistic_locking")
NOT_RUN = "two-faults-at-once"
OUTCOMES = {
    "one-of-two-edits-wins": Outcome.FAILED,
    "save-against-delete": Outcome.BLOCKED,
    "save-against-restock": Outcome.INCONCLUSIVE,
    "restocks-add-up": Outcome.ERROR,
}


def verdict(outcomes: dict[str, Outcome]) -> Verdict:
    """Return a verdict on kata 04 in which all passes but what is named, with findings full of nasty letters."""
    results = []
    for check, (task, points) in KATA.points.items():
        outcome = outcomes.get(check, Outcome.PASSED)
        result = CheckResult(check, f"{check} <holds> {NASTY}", task, "race", points, outcome, seconds=0.25)
        if outcome is Outcome.FAILED:
            found = replace(finding(HOSTILE), seen=NASTY, evidence=(Evidence(NASTY, (NASTY,)),))
            result = replace(result, message=found.seen, finding=found)
        elif outcome is not Outcome.PASSED:
            result = replace(result, message=f"first line\n{NASTY}")
        results.append(result)
    return Verdict("class/alice/04", KATA.name, "embedded", {"postgres": "18.6"}, 1, tuple(results))


def score(outcomes: dict[str, Outcome], *, whole: bool = False) -> Score:
    """Return the score of such a verdict; not whole, one check was not run."""
    made = verdict(outcomes)
    if not whole:
        made = replace(made, results=tuple(result for result in made.results if result.check != NOT_RUN))
    return Score.of(made, KATA, made.submission)


GREEN = score({}, whole=True)
MIXED = score(OUTCOMES)
NOT_STARTED = Score.of(
    Verdict(
        "dan/04",
        KATA.name,
        "embedded",
        {},
        1,
        tuple(
            CheckResult(check, check, task, "race", points, Outcome.BLOCKED, "app/main.py is missing", found)
            for (check, (task, points)), found in zip(
                KATA.points.items(),
                [Finding("started the service", "app/main.py is missing", "it starts"), *[None] * 20],
                strict=False,
            )
        ),
    ),
    KATA,
    "dan/04",
)
ALL = [GREEN, MIXED, NOT_STARTED]


def texts_in(value: object) -> list[str]:
    """Return all texts in a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts_in(one)]


def loaded(text: str) -> dict[str, Any]:
    """Return the document, in which no text may hold a control character but line ends."""
    document: dict[str, Any] = json.loads(text.encode("utf-8"))
    assert all(text.replace("\n", "").isprintable() for text in texts_in(document))
    return document


def test_points_are_those_of_the_kata() -> None:
    """What was not run counts among the points that there are, and earns none."""
    assert (GREEN.earned, GREEN.points, GREEN.open) == (20, 20, 0)
    lost = sum(KATA.points[check][1] for check in OUTCOMES)
    assert (MIXED.earned, MIXED.points, MIXED.open) == (20 - lost, 20, 3)
    assert "3 of 14 checks have no verdict; grade the submission again." in MIXED.summary


def test_junit_keeps_the_schema_that_jenkins_reads() -> None:
    """Every element has its attributes and children and no others, and the counts are right."""
    root = ET.fromstring(junit(ALL))  # noqa: S314 -- our own text
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, inside = JUNIT[element.tag]
        assert must <= set(element.attrib) <= must | may
        assert {child.tag for child in element} <= inside
        assert element.tag != "testsuite" or JUNIT_TIME.fullmatch(element.attrib["time"])
    green, mixed, blocked = root
    assert [green.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["14", "0", "0", "0"]
    assert [mixed.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["14", "2", "2", "1"]
    assert blocked.get("failures") == "14"
    for suite in root:
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}")))


def test_junit_has_the_finding() -> None:
    """A failure holds what a learner reads, whatever letters are in it."""
    case = next(c for c in ET.fromstring(junit([MIXED])).iter("testcase") if c.get("name") == "one-of-two-edits-wins")  # noqa: S314 -- likewise
    failure = case.find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "Must hold: exactly one of the two saves" in failure.text
    assert "katas/04_optimistic_locking --replay" in failure.text
    assert failure.text.replace("\n", "").isprintable()
    assert case.get("classname") == "04_optimistic_locking.task2"


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_gradescope_gets_the_documented_fields(made: Score) -> None:
    """The document has fields of the documentation and no others, and the score is the sum of the tests'."""
    document = loaded(gradescope(made))
    assert list(Draft202012Validator(GRADESCOPE).iter_errors(document)) == []
    assert document["score"] == sum(test["score"] for test in document["tests"]) == made.earned
    assert sum(test["max_score"] for test in document["tests"]) == 20
    assert [test["status"] == "passed" for test in document["tests"]] == [line.passed for line in made.lines]
    assert [test["number"] for test in document["tests"]][:5] == ["1.1", "1.2", "1.3", "1.4", "2.1"]


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_prairielearn_gets_the_documented_fields(made: Score) -> None:
    """A score from 0 to 1 where there is a verdict; else the submission is not gradable, and no attempt is lost."""
    document = loaded(prairielearn(made))
    assert list(Draft202012Validator(PRAIRIELEARN).iter_errors(document)) == []
    assert document["gradable"] is (made is GREEN)
    assert document.get("score") == (1.0 if made is GREEN else None)
    assert sum(test["max_points"] for test in document["tests"]) == 20


def test_prairielearn_says_why_a_submission_is_not_gradable() -> None:
    """A service that did not start is said so, and a check without a verdict asks for another grading."""
    why = loaded(prairielearn(NOT_STARTED))["format_errors"]
    assert why == ["The service did not start: app/main.py is missing"]
    assert "grade the submission again" in loaded(prairielearn(MIXED))["format_errors"][0]
    part = score({"one-of-two-edits-wins": Outcome.FAILED}, whole=True)
    assert loaded(prairielearn(part))["score"] == 0.85


def test_prairielearn_takes_no_more_than_a_megabyte() -> None:
    """However much the submission printed, the file stays below the documented limit."""
    lines = tuple(replace(line, outcome=Outcome.FAILED, text='"本\n' * 200_000) for line in GREEN.lines)
    assert len(prairielearn(replace(GREEN, lines=lines)).encode()) < 1_000_000


RUNNER = {
    "CLASSROOM": "backends",
    "ASSIGNMENT": "locking",
    "OWNER": "alice",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://git.example/commit/a1b2c3d",
    "RELEASE_URL": "https://git.example/releases/1",
}


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_classroom50_gets_what_its_schema_asks_for(made: Score) -> None:
    """All fields of classroom50/result/v1 are there, identity from the runner's variables, sums in whole points."""
    moment = datetime(2026, 6, 1, 14, 33, 11, tzinfo=UTC)
    document = loaded(classroom50(made, Identity.from_environment(RUNNER), moment))
    assert list(Draft202012Validator(CLASSROOM50).iter_errors(document)) == []
    assert document["score"] == sum(test["score"] for test in document["tests"]) <= document["max-score"] == 20
    assert document["review"] == document["commit"]
    assert document["assignment_type"] == "individual"
    assert document["datetime"] == "2026-06-01T14:33:11Z"


@pytest.mark.parametrize("variable", RUNNER)
def test_classroom50_needs_the_runners_variables(variable: str) -> None:
    """Without one of them nobody knows whose result it is, and the message names it."""
    with pytest.raises(IdentityError, match=f"{variable}.* is not set"):
        Identity.from_environment({name: value for name, value in RUNNER.items() if name != variable})


def test_a_spreadsheet_gets_a_row_a_submission() -> None:
    """Each row has its points and counts; a submission without a verdict has its trouble."""
    rows = list(csv.DictReader(io.StringIO(csv_of_submissions(ALL, {"erin": "there is no kata in it"}))))
    assert [row["submission"] for row in rows] == ["class/alice/04", "class/alice/04", "dan/04", "erin"]
    assert [row["points"] for row in rows] == ["20", str(MIXED.earned), "0", ""]
    assert [rows[1][name] for name in ("passed", "failed", "blocked", "inconclusive", "error", "not run")] == [
        *("9", "1", "1", "1", "1", "1")
    ]
    assert rows[1]["first finding"].startswith("one-of-two-edits-wins: ")
    assert rows[3]["first finding"] == "there is no kata in it"


def test_a_spreadsheet_gets_a_row_a_check() -> None:
    """Each row has the check's outcome, and what was found in one line."""
    rows = list(csv.DictReader(io.StringIO(csv_of_checks([MIXED]))))
    assert [row["check"] for row in rows] == list(KATA.points)
    assert {row["check"]: row["outcome"] for row in rows if row["outcome"] != "passed"} == {
        NOT_RUN: "not run",
        **{check: outcome.value for check, outcome in OUTCOMES.items()},
    }
    assert sum(int(row["points"]) for row in rows) == MIXED.earned


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)"])
def test_a_spreadsheet_computes_nothing_of_a_submission(name: str) -> None:
    """A cell that would be a formula is kept as text."""
    rows = list(csv.DictReader(io.StringIO(csv_of_submissions([replace(GREEN, name=name)]))))
    assert rows[0]["submission"] == f"'{name}"


def test_the_first_finding_tells_something_of_its_own() -> None:
    """What is only blocked behind another is not the first finding; of a part of a run it is what was not run."""
    made = verdict({"a-stale-save-is-refused": Outcome.BLOCKED, "odd-tags": Outcome.FAILED})
    first = Score.of(made, KATA, "a").first
    assert first is not None
    assert first.check == "odd-tags"
    first = score({}).first
    assert first is not None
    assert (first.check, first.message) == (NOT_RUN, "This check was not run.")
    assert GREEN.first is None


def test_a_finding_is_told_in_full() -> None:
    """The text of a line is what a learner reads, with the picture and the command."""
    made = verdict({})
    failed = replace(made.results[4], outcome=Outcome.FAILED, finding=finding(LOST_UPDATE))
    made = replace(made, results=(failed,))
    line = next(line for line in Score.of(made, KATA, "a").lines if line.outcome is Outcome.FAILED)
    assert "lost update" in line.text
    assert line.text.splitlines()[-1] == (
        "Again:     pytest katas/04_optimistic_locking --replay one-of-two-edits-wins:A.BBB.AA"
    )
