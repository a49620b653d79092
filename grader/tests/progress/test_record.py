"""What is noted of a learner's work, and the file in which it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.kata import KATAS, Kata, load_kata, load_katas
from grader.progress import ProgressError, Record, State, gave_hint, next_of, read, record, store
from grader.progress.record import graded, worked
from grader.verdict import CheckResult, Outcome, Verdict

if TYPE_CHECKING:
    from pathlib import Path

NAME = "03_n_plus_one"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have progress noted in a folder of the test's own."""
    monkeypatch.setattr(store, "PLACE", tmp_path / ".kata")
    monkeypatch.setattr(store, "FILE", tmp_path / ".kata" / "progress.toml")
    return tmp_path / ".kata"


def _verdict(failing: dict[str, Outcome] | None = None, only: set[str] | None = None, folder: str = "") -> Verdict:
    results = [
        CheckResult(check, check, task, "cost", points, (failing or {}).get(check, Outcome.PASSED), message="said")
        for check, (task, points) in load_kata(NAME).points.items()
        if only is None or check in only
    ]
    return Verdict(folder or str(KATAS / NAME), NAME, "embedded", {}, 1, tuple(results))


def test_pauses_do_not_count() -> None:
    """Time runs from one sign of work to the next, unless there was a pause between them."""
    work = worked(Record(), NOON)
    assert (work.seconds, work.state) == (0, State.BEGUN)
    work = worked(work, NOON + timedelta(minutes=15))
    assert work.minutes == 15
    work = worked(work, NOON + timedelta(hours=3))
    assert work.minutes == 15
    assert worked(work, NOON).seconds == work.seconds, "a clock that was set back"


def test_points_are_the_most_so_far() -> None:
    """A worse attempt changes the latest points, and neither the most so far nor the pass."""
    good = graded(Record(), _verdict(), NOON)
    assert (good.points, good.attempts, good.state, good.failed) == (20, 1, State.PASSED, {})
    bad = graded(good, _verdict({"statements-do-not-grow-with-orders": Outcome.FAILED}), NOON)
    assert (bad.points, bad.latest, bad.attempts, bad.state) == (20, 16, 2, State.PASSED)
    assert bad.failed == {"statements-do-not-grow-with-orders": "said"}


def test_a_broken_guard_is_no_pass() -> None:
    """All points with a guard broken is no pass."""
    work = graded(Record(), _verdict({"limits-are-kept": Outcome.FAILED}), NOON)
    assert (work.points, work.state) == (20, State.BEGUN)


def test_single_checks_and_errors_are_no_attempt() -> None:
    """A run of some checks, or one in which the grader failed, is a sign of work only."""
    for verdict in (_verdict(only={"limits-are-kept"}), _verdict({"limits-are-kept": Outcome.ERROR})):
        work = graded(Record(), verdict, NOON)
        assert (work.points, work.attempts, work.state) == (0, 0, State.BEGUN)


def test_only_the_kata_s_own_folder_is_progress(place: Path) -> None:
    """A folder elsewhere, or one of the kata's own solutions, is nobody's progress."""
    record([_verdict(folder="/elsewhere/03_n_plus_one")])
    assert not place.exists()
    record([_verdict()])
    assert read()[NAME].points == 20


@given(st.text())
def test_any_message_can_be_read_back(message: str) -> None:
    """Whatever a learner's service has said, the file that holds it can be read."""
    import tempfile  # noqa: PLC0415 -- hypothesis calls this often, and a fixture would serve once
    from pathlib import Path  # noqa: PLC0415 -- likewise

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PLACE", Path(folder))
        patch.setattr(store, "FILE", Path(folder) / "progress.toml")
        with store.changing() as tables:
            tables[NAME] = {"points": 1, "failed": {"check": message}}
        assert read()[NAME].failed["check"] == message.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml [", "cannot be read"),
        ("version = 2\n", "version must be 1"),
        ("version = 1\n3 = 4\n", "3 must be a table, got 4"),
        ("version = 1\n[a]\npoints = -1\n", "a.points must be a number, 0 or more, got -1"),
        ("version = 1\n[a]\nlast = 2026-01-01\n", "a.last must be a moment in UTC"),
        ("version = 1\n[a]\nnew = 1\n", "a.new is not known here"),
        ("version = 1\n[a.hints]\n1 = 'x'\n", "a.hints must be a table of numbers"),
    ],
)
def test_a_file_that_is_damaged_is_kept(text: str, said: str, place: Path) -> None:
    """The error says where and why, and how to begin anew; nothing is written."""
    place.mkdir()
    file = place / "progress.toml"
    file.write_text(text)
    for attempt in (read, lambda: gave_hint("a", 1)):
        with pytest.raises(ProgressError) as raised:
            attempt()
        assert said in str(raised.value)
        assert f"mv {file} {file}.old" in str(raised.value)
    assert file.read_text() == text
    assert sorted(path.name for path in place.iterdir()) in (["progress.toml"], ["lock", "progress.toml"])


def test_the_next_kata_is_on_the_path() -> None:
    """The path is 03, 04, 05, 02; what is required comes first, and what is not on the path comes last."""
    one = load_katas()[0]

    def kata(number: int, *requires: int) -> Kata:
        return replace(one, number=number, slug="k", requires=requires)

    katas = [kata(1), kata(2, 5), kata(3), kata(4, 3), kata(5, 4)]
    done: dict[str, Record] = {}
    order = []
    while (found := next_of(katas, done)) is not None:
        order.append(found.number)
        done[found.name] = Record(passed=NOON)
    assert order == [3, 4, 5, 2, 1]
    assert next_of([kata(9, 8), kata(8, 7), kata(7, 9)], {}) is not None, "a circle does not end the path"
    assert next_of([kata(4, 3)], {}) == kata(4, 3), "a kata that is not there is not required"
