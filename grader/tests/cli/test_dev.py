"""`kata dev`: an author's way from an empty kata to one that holds."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grader.kata import SOLUTIONS
from grader.tests.cli.project import Clone, kata

if TYPE_CHECKING:
    from pathlib import Path

NAME = "03_n_plus_one"
KEPT = "mistakes/total_is_the_page"
CAUGHT = "limits-are-kept"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A copy of the project in which kata 03 has only one mistake left, and no alternative."""
    tmp_path.chmod(0o755)
    return Clone(tmp_path, NAME, (KEPT,))


def test_a_new_kata_says_what_is_missing(clone: Clone) -> None:
    """`kata dev new` writes every file, and `kata dev check` names what is still to be written, line by line."""
    name = "24_two_phase_commit"
    said = clone.kata("dev", "new", "24", "two_phase_commit")
    assert said.status == 0, said
    assert said.lines[:3] == [
        "solutions/24_two_phase_commit/",
        "katas/24_two_phase_commit/",
        "grader/checks/two_phase_commit/",
    ]
    said = clone.kata("dev", "check", "24")
    assert said.status == 1, said
    where = f"solutions/{name}"
    for line in (
        f"{where}/starter/README.md:1: TODO what the learner does, in the imperative",
        f"{where}/starter/hints.md:6: TODO its title",
        f"{where}/alternatives: there are 0, at least 2 are needed",
        f"{where}/mistakes: there are 0, at least 8 are needed",
        f"{where}/starter/kata.toml: the points sum to 0, they must sum to 20",
        f"{where}/transcripts/starter.txt: is missing; kata dev record 24 writes it",
        "grader/checks/two_phase_commit: there are 0 checks, at least 8 are needed",
        "grader/checks/two_phase_commit: no check is of the kind race",
    ):
        assert line in said.lines
    assert all(
        "TODO" in line or "needed" in line or "kind" in line or "20" in line or "record" in line for line in said.lines
    )
    assert said.err.splitlines()[-1].startswith("1 kata, nothing graded: ")


def test_a_new_service_starts(clone: Clone) -> None:
    """What `kata dev new` writes can be imported and is formatted and lint-clean, but for what is to do."""
    clone.kata("dev", "new", "24", "two_phase_commit")
    code = "from app.main import create_app; print(create_app().title)"
    folder = clone.folder / "katas" / "24_two_phase_commit"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert done.stdout == "Lantern Books\n"
    lint = [sys.executable, "-m", "ruff", "check", "--extend-ignore=TD,FIX", "katas", "solutions", "grader/checks"]
    done = subprocess.run(lint, cwd=clone.folder, capture_output=True, text=True, check=False)  # noqa: S603 -- likewise
    assert done.returncode == 0, done.stdout


def test_a_corpus_is_held_against_its_words(clone: Clone) -> None:
    """A mistake caught by another check, or in other words, and a text that no transcript has, each give a line."""
    about = clone.solutions / KEPT / "about.toml"
    about.write_text(about.read_text().replace(CAUGHT, "unknown-and-empty"))
    transcript = clone.solutions / "transcripts" / "starter.txt"
    transcript.write_text(transcript.read_text().replace("counted the statements", "counted", 1))
    (clone.folder / "katas" / NAME / "notes.txt").touch()
    main = clone.solutions / "reference" / "app" / "main.py"
    main.write_text(main.read_text() + "import  os\n")
    said = clone.kata("dev", "check", "03", "--jobs", "2")
    assert said.status == 1, said
    where = f"solutions/{NAME}"
    starts = [
        f"{where}/mistakes: there are 1, at least 8 are needed",
        f"katas/{NAME}/notes.txt: is stray: the starter has no such file",
        f"{where}/reference/app/main.py:",
        f"{where}/{KEPT}: unknown-and-empty: {KEPT} must be caught by this check. It passed.",
        f"{where}/{KEPT}: {CAUGHT}: {KEPT} must pass this check. It failed: ",
    ]
    for start in starts:
        assert any(line.startswith(start) for line in said.lines), (start, said)
    graded = [
        line
        for line in said.lines
        if line.startswith((f"{where}/starter: ", f"{where}/{KEPT}: ", f"{where}/reference: "))
    ]
    assert len(graded) == 3, graded


def test_transcripts_are_recorded(clone: Clone) -> None:
    """`kata dev record` writes what a learner sees, and drops what no mistake shows any more."""
    folder = clone.solutions / "transcripts"
    (folder / "starter.txt").unlink()
    (folder / "mistakes" / "gone.txt").write_text("── x ──\ny\n")
    (folder / f"{KEPT}.txt").write_text("── unknown-and-empty ──\nold\n")
    said = clone.kata("dev", "record", "03")
    assert said.status == 0, said
    assert said.lines == ["2 transcripts recorded; git diff shows what changed."]
    recorded = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.txt")}
    original = SOLUTIONS / NAME / "transcripts"
    assert recorded == {name: (original / name).read_text() for name in ("starter.txt", f"{KEPT}.txt")}


def test_what_is_not_caught_is_not_recorded(clone: Clone) -> None:
    """A check that does not catch what it must has no transcript, and says so."""
    about = clone.solutions / KEPT / "about.toml"
    about.write_text(about.read_text().replace(CAUGHT, "unknown-and-empty"))
    said = clone.kata("dev", "record", "03")
    assert said.status == 1
    assert f"solutions/{NAME}/{KEPT}: unknown-and-empty: {KEPT} must be caught by this check." in said.lines
    assert not (clone.solutions / "transcripts" / f"{KEPT}.txt").exists()


def test_the_matrix_shows_who_catches_whom(tmp_path: Path) -> None:
    """Checks by wrong solutions, on the screen in its width, as Markdown the same text each time."""
    said = kata(tmp_path, "dev", "matrix", "05", COLUMNS="80")
    assert said.status == 0
    assert max(map(len, said.lines)) <= 80
    assert "15  bare-or-quoted-it-is-one-key" in said.lines
    row = next(line for line in said.lines if line.startswith(" replay_answers_200"))
    assert row.count("✘") == 1
    files = [tmp_path / "one.md", tmp_path / "two.md"]
    for file in files:
        assert kata(tmp_path, "dev", "matrix", "03", "-o", file).status == 0
    text = files[0].read_text()
    assert text == files[1].read_text()
    lines = text.splitlines()
    cells = next(line for line in lines if line.startswith("| The total is")).split(" | ")[1:]
    numbered = {number: check for number, _, check in (line.partition(". ") for line in lines) if check.startswith("`")}
    assert [numbered[str(place)] for place, cell in enumerate(cells, 1) if "✘" in cell] == [f"`{CAUGHT}`"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["new", "3", "twice"], "number 03 is taken, by 03_n_plus_one; free is "),
        (["new", "0", "nought"], "a kata's number is 1 to 99, got 0"),
        (["new", "98", "Two-Phase"], "a slug is lower-case words joined by _"),
        (["new", "98", "n_plus_one"], "grader/checks/n_plus_one is there already"),
        (["check", "77"], "there is no kata '77'; there are "),
        (["matrix", "77"], "there is no kata '77'; there are "),
        (["record", "77"], "there is no kata '77'; there are "),
    ],
)
def test_wrong_input_gets_a_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    """Whatever is wrong is named, with what to do, and no traceback."""
    said = kata(tmp_path, "dev", *arguments)
    assert said.status == 2
    assert words in said.err
    assert said.err.count("\n") == 1
