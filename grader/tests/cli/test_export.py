"""`kata export`: a result file, as the command turns it into others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from grader.report.document import document
from grader.tests.cli.project import kata
from grader.tests.report.examples import LOST_UPDATE, result
from grader.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

VERDICT = Verdict("alice/04", "04_optimistic_locking", "embedded", {}, 1, (result(LOST_UPDATE),))
RUNNER = {
    "CLASSROOM": "c",
    "ASSIGNMENT": "a",
    "USERNAME": "alice",
    "SUBMISSION_TAG": "submit/1",
    "COMMIT_URL": "https://git.example/1",
    "RELEASE_URL": "https://git.example/2",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a result file of one submission, and one of two."""
    two = [replace(VERDICT, submission=str(tmp_path / name / "04")) for name in ("alice", "bob")]
    (tmp_path / "one.json").write_text(document([VERDICT]))
    (tmp_path / "two.json").write_text(document(two))
    return tmp_path


def test_junit_and_csv_take_all_submissions(folder: Path) -> None:
    """Formats for many hold every submission of the file."""
    suites = ET.fromstring(kata(folder, "export", "junit", "two.json").out)  # noqa: S314 -- our own text
    assert [suite.get("name") for suite in suites] == ["alice/04", "bob/04"]
    assert [line.split(",")[0] for line in kata(folder, "export", "csv", "two.json").lines] == [
        *("submission", "alice/04", "bob/04")
    ]
    assert len(kata(folder, "export", "csv-checks", "two.json").lines) == 1 + 2 * 14


@pytest.mark.parametrize(
    ("name", "field"), [("gradescope", "tests"), ("prairielearn", "tests"), ("classroom50", "max-score")]
)
def test_gradebooks_take_one_submission(folder: Path, name: str, field: str) -> None:
    """Formats for one are written to a file; of several submissions one is chosen."""
    said = kata(folder, "export", name, "one.json", "-o", "out.json", **RUNNER)
    assert (said.status, said.out, said.err) == (0, "", "")
    assert field in json.loads((folder / "out.json").read_text())
    said = kata(folder, "export", name, "two.json", **RUNNER)
    assert said.status == 2
    assert said.err == (
        f"kata: {name} is for one submission, and two.json has 2; choose one with --submission: alice/04, bob/04\n"
    )
    said = kata(folder, "export", name, "two.json", "--submission", "bob/04", **RUNNER)
    assert field in json.loads(said.out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["junit", "nowhere.json"], "nowhere.json cannot be read"),
        (["junit", "other.json"], "other.json: it is no result file"),
        (["junit", "unknown.json"], "unknown.json: 99_nothing: no such kata"),
        (["junit", "one.json", "-o", "no/such/file"], "no/such/file cannot be written"),
        (["gradescope", "one.json", "--submission", "bob/04"], "has no submission 'bob/04'; it has alice/04"),
        (["classroom50", "one.json"], "CLASSROOM is not set; Classroom 50's runner sets it"),
        (["pdf", "one.json"], "'pdf' is not one of 'junit', 'gradescope'"),
    ],
)
def test_wrong_input_gets_a_line(folder: Path, arguments: list[str], words: str) -> None:
    """Whatever is wrong is named, with what to do, and no traceback."""
    (folder / "other.json").write_text('{"some": "thing"}')
    (folder / "unknown.json").write_text(document([replace(VERDICT, kata="99_nothing")]))
    said = kata(folder, "export", *arguments)
    assert said.status == 2, said
    assert words in said.err
    assert "Traceback" not in said.err
