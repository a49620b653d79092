"""`kata grade`: a class is graded, and nobody in it stops it."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from grader.kata import SOLUTIONS
from grader.tests.cli.project import Said, kata
from grader.tests.grade.hostile import at_import
from grader.tests.grade.project import pytest_in, submission

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = SOLUTIONS / "03_n_plus_one" / "reference"
NO_KATA = 'slug = "of_no_kata"\n'
KILLS = """
import contextlib, os
with contextlib.suppress(OSError):
    os.kill(os.getppid(), 9)
os.kill(os.getpid(), 9)
"""
"""What a service does when it is imported: it ends itself and, if it can, whoever made it."""


@dataclass(frozen=True)
class Class:
    """A folder of submissions, and what grading it came to."""

    folder: Path
    said: Said
    result: dict[str, Any]
    rows: dict[str, dict[str, str]]

    def outcomes(self, who: str, result: dict[str, Any] | None = None) -> dict[str, str]:
        """Return the outcome of each check of one person's submission."""
        made = (result or self.result)["submissions"]
        found = next(one for one in made if one["submission"].startswith(f"{self.folder / who}{os.sep}"))
        return {check["id"]: check["outcome"] for check in found["checks"]}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """A class of six: red, green, without an app, hostile, with a kata.toml of no kata, and with nothing at all."""
    folder = tmp_path_factory.mktemp("class")
    folder.chmod(0o755)
    submission(folder / "alice" / "03", "starter")
    submission(folder / "bob" / "katas" / "03_n_plus_one")
    (folder / "bob" / "katas" / "03_n_plus_one" / "kata.toml").unlink()  # its name still says what it is
    submission(folder / "carol" / "03", "starter", {"app/main.py": "import nothing_like_it\n"})
    submission(folder / "dan" / "03", files=at_import(KILLS))
    (folder / "erin" / "work").mkdir(parents=True)
    (folder / "erin" / "work" / "kata.toml").write_text(NO_KATA)
    (folder / "frank").mkdir()
    people = sorted(folder.iterdir())
    said = kata(folder, "grade", *people, "--jobs", "2", "--csv", "out.csv", "--result-json", "result.json")
    table = csv.DictReader((folder / "out.csv").read_text().splitlines())
    rows = {row["submission"].split("/")[0]: row for row in table}
    return Class(folder, said, json.loads((folder / "result.json").read_text()), rows)


def test_everybody_has_a_row(graded: Class) -> None:
    """Each person has a row in the CSV: points and counts, or the trouble; the exit status says that one has none."""
    assert graded.said.status == 3, graded.said
    assert sorted(graded.rows) == ["alice", "bob", "carol", "dan", "erin", "frank"]
    points = {who: row["points"] for who, row in graded.rows.items()}
    assert points == {"alice": "0", "bob": "20", "carol": "0", "dan": "0", "erin": "", "frank": ""}
    assert graded.rows["alice"]["first finding"].startswith("statements-do-not-grow-with-orders: ")
    assert "slug must be that of a kata" in graded.rows["erin"]["first finding"]
    assert graded.rows["frank"]["first finding"] == "there is no kata in it"


def test_the_table_is_read_by_people(graded: Class) -> None:
    """The table names each submission, its points and its first finding, in the width of the terminal."""
    assert max(map(len, graded.said.lines)) <= 100
    lines = [" ".join(line.split()) for line in graded.said.lines]
    assert "bob/katas/03_n_plus_one 03 20 of 20 all of it holds" in lines
    assert any(line.startswith("alice/03 03 0 of 20 statements-do-not-grow-with-orders: 1 order") for line in lines)
    assert "frank none no verdict: there is no kata in it" in lines
    assert "Grading 4 submissions in 2 jobs." in graded.said.err


def test_verdicts_are_those_of_pytest(graded: Class) -> None:
    """Each submission gets the outcomes that pytest gives it, check by check."""
    people = ["alice", "carol", "dan"]
    run = pytest_in(graded.folder, *(graded.folder / who / "03" for who in people))
    assert run.result is not None, run.output
    for who in people:
        assert graded.outcomes(who) == graded.outcomes(who, run.result)
        assert len(graded.outcomes(who)) == 13


def test_all_passed_is_status_0(tmp_path: Path) -> None:
    """A submission that holds all is graded 0, and one alone needs no class's folder."""
    submission(tmp_path / "03")
    said = kata(tmp_path / "03", "grade", ".")
    assert said.status == 0, said
    assert "Grading 1 submission in 1 job." in said.err


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "words"),
    [
        (["nowhere"], {}, 2, "nowhere is no folder; name submissions"),
        (["."], {}, 3, "there is no kata in it"),
        ([REFERENCE, "--csv", "no/such/out.csv"], {}, 2, "out.csv cannot be written"),
        (
            [REFERENCE, "--services", "cloud"],
            {},
            2,
            "BACKEND_KATAS_SERVICES must be one of auto",
        ),
        (
            [REFERENCE],
            {"BACKEND_KATAS_SEED": "many"},
            2,
            "BACKEND_KATAS_SEED must be a whole number, got 'many'",
        ),
        (
            [REFERENCE, "--services", "external"],
            {"BACKEND_KATAS_POSTGRES_URL": "postgresql://nobody@127.0.0.1:1/none"},
            3,
            "127.0.0.1",
        ),
        ([], {}, 2, "Missing argument"),
    ],
)
def test_wrong_input_gets_a_line(
    tmp_path: Path, arguments: list[str | Path], variables: dict[str, str], status: int, words: str
) -> None:
    """Whatever is wrong is named, with what to do, and no traceback."""
    said = kata(tmp_path, "grade", *arguments, **variables)
    assert said.status == status, said
    assert words in said.out + said.err
    assert "Traceback" not in said.err
