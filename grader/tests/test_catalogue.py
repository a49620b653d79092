"""What every kata must hold, whichever it is."""

import filecmp
import re
from collections import Counter
from pathlib import Path

import pytest

from grader.checks import checks_of
from grader.kata import KATAS, SOLUTIONS, load_entry, load_kata

NAMES = sorted(path.parent.parent.name for path in SOLUTIONS.glob("*/starter/kata.toml"))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each kata in turn."""
    return str(request.param)


def _files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def _entries(name: str, kind: str) -> list[Path]:
    return sorted(path.parent for path in (SOLUTIONS / name / kind).glob("*/about.toml"))


def test_there_is_a_kata() -> None:
    """The catalogue is not empty."""
    assert NAMES


def test_points_sum_to_twenty(name: str) -> None:
    """The points of a kata's tasks sum to 20."""
    assert sum(points for _, points in load_kata(name).points.values()) == 20


def test_checks_and_points_name_each_other(name: str) -> None:
    """Every check has its place in kata.toml, under its own task, and there is no other."""
    kata = load_kata(name)
    assert {check.id: check.task for check in checks_of(kata.slug)} == {c: t for c, (t, _) in kata.points.items()}


def test_there_are_checks_of_every_needed_kind(name: str) -> None:
    """A kata has at least eight checks, among them a race, an integrity and a boundary check."""
    kinds = Counter(check.kind for check in checks_of(load_kata(name).slug))
    assert kinds.total() >= 8
    assert {"race", "integrity", "boundary"} <= set(kinds)


def test_every_check_says_what_holds(name: str) -> None:
    """A check's title is a sentence."""
    for check in checks_of(load_kata(name).slug):
        assert check.title.endswith("."), check.id
        assert check.title[0].isupper() or check.title[0].isdigit(), check.id


def test_the_starter_earns_nothing(name: str) -> None:
    """Every check with points is one that the starter fails, for a recorded reason; guards hold."""
    caught = load_entry(SOLUTIONS / name / "starter").caught
    assert set(caught) == {check for check, (_, points) in load_kata(name).points.items() if points}


def test_there_are_enough_solutions_of_each_kind(name: str) -> None:
    """There is a reference, at least two alternatives and at least eight mistakes."""
    assert (SOLUTIONS / name / "reference" / "about.toml").is_file()
    assert len(_entries(name, "alternatives")) >= 2
    assert len(_entries(name, "mistakes")) >= 8


def test_every_check_catches_a_mistake(name: str) -> None:
    """Each check is the one that some mistake is caught by."""
    caught = {check for path in _entries(name, "mistakes") for check in load_entry(path).caught}
    assert caught == {check.id for check in checks_of(load_kata(name).slug)}


def test_overlays_hold_only_what_differs(name: str) -> None:
    """An alternative or a mistake holds no file that is equal to the reference's."""
    reference = SOLUTIONS / name / "reference"
    for path in _entries(name, "alternatives") + _entries(name, "mistakes"):
        same = [f for f in _files(path) & _files(reference) if filecmp.cmp(path / f, reference / f, shallow=False)]
        assert not same, path


def test_transcripts_are_those_of_the_corpus(name: str) -> None:
    """There is a transcript for the starter and for every mistake, and no other."""
    recorded = {f.removesuffix(".txt") for f in _files(SOLUTIONS / name / "transcripts")}
    assert recorded == {"starter"} | {f"mistakes/{path.name}" for path in _entries(name, "mistakes")}


def test_hints_are_three_a_task(name: str) -> None:
    """Each task has three hints, under a heading of its own."""
    text = (SOLUTIONS / name / "starter" / "hints.md").read_text(encoding="utf-8")
    for task in load_kata(name).tasks:
        part = text.partition(f"## Task {task.number}")[2].partition("\n## ")[0]
        assert re.findall(r"^(\d)\. ", part, re.MULTILINE) == ["1", "2", "3"], f"task {task.number}"


def test_a_fresh_clone_holds_the_starter(name: str) -> None:
    """The kata's folder names the files of the pristine starter; in a fresh clone they are equal (CI compares them)."""
    assert _files(SOLUTIONS / name / "starter") <= _files(KATAS / name)
