"""One folder graded again and again by one grader, as `kata watch` does."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from grader.grade import Grader, options_of
from grader.kata import SOLUTIONS, load_submission
from grader.settings import settings_of
from grader.tests.grade.project import KATA, Ground, submission
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAILS = "statements-do-not-grow-with-authors"
HOLDS = "unknown-and-empty"


@pytest.fixture
def grader(ground: Ground) -> Iterator[Grader]:
    """Give a grader that has its servers."""
    grader = Grader(options_of(settings_of(ground.variables)), lambda _: None)
    grader.open(redis=False)
    yield grader
    grader.close()


def test_each_time_the_files_are_read_anew(grader: Grader, tmp_path: Path) -> None:
    """What was saved meanwhile is graded, and the verdict before it is forgotten."""
    mine = load_submission(submission(tmp_path / KATA, "starter"))
    first = {result.check: result.outcome for result in grader.grade_again(mine, [FAILS, HOLDS])}
    assert first == {FAILS: Outcome.FAILED, HOLDS: Outcome.PASSED}
    shutil.copytree(SOLUTIONS / KATA / "reference", mine.folder, dirs_exist_ok=True)
    (second,) = grader.grade_again(mine, [FAILS])
    assert second.outcome is Outcome.PASSED
    (verdict,) = grader.verdicts
    assert [result.check for result in verdict.results] == [FAILS]


def test_what_is_given_up_ends(grader: Grader, tmp_path: Path) -> None:
    """A run that is given up yields no more, also where the service hangs; the next begins at once."""
    mine = load_submission(submission(tmp_path / KATA, files={"app/main.py": "while True: pass\n"}))
    results = grader.grade_again(mine, [FAILS, HOLDS])
    grader.give_up()
    assert list(results) == []
    (mine.folder / "app" / "main.py").write_bytes((SOLUTIONS / KATA / "reference" / "app" / "main.py").read_bytes())
    assert [result.outcome for result in grader.grade_again(mine, [HOLDS])] == [Outcome.PASSED]
