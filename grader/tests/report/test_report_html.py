"""`--report-html` through pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.grade.project import KATA, pytest_in, submission

if TYPE_CHECKING:
    from pathlib import Path

FAILS = "statements-do-not-grow-with-authors"
HOLDS = "unknown-and-empty"


def test_the_page_is_written(tmp_path: Path) -> None:
    """A run writes index.html into a new folder, with every submission and check of it, and says where."""
    folder = submission(tmp_path / "katas" / KATA, "starter")
    other = submission(tmp_path / "alice" / "03")
    run = pytest_in(tmp_path, folder, other, "-k", f"{FAILS} or {HOLDS}", "--report-html", "report")
    assert run.status == 1, run.output
    assert "Report: report/index.html" in run.output
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "2 submissions graded" in text
    for words in (f"katas/{KATA}", "alice/03", "Must hold", f"pytest katas/{KATA}/kata.toml::{FAILS}", "at app/"):
        assert words in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("place", ["no/such/folder", "file", "taken"])
def test_a_place_that_cannot_be_written_to(place: str, tmp_path: Path) -> None:
    """It is said before anything is graded."""
    submission(tmp_path / "katas" / KATA, "starter")
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "index.html").mkdir(parents=True)
    run = pytest_in(tmp_path, "katas/03", "-k", HOLDS, "--report-html", place)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert f"--report-html: {place} cannot be written to" in run.output
    assert run.result is None
