"""What a learner does between two verdicts: briefs, hints, starters and attempts, solutions, progress."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from grader.tests.cli.clone import Clone, files

if TYPE_CHECKING:
    from pathlib import Path

KATA = "03_n_plus_one"
CHEAP = "unknown-and-empty"


def test_list_has_the_path(clone: Clone) -> None:
    """Katas are listed on the recommended path, with minutes, what goes before, points and state."""
    lines = clone.kata("list").out.splitlines()
    numbers = [line[:2] for line in lines if line[:2].isdigit()]
    assert [number for number in numbers if number in {"03", "04", "05"}] == ["03", "04", "05"]
    line = next(line for line in lines if line.startswith("04"))
    assert line.split()[1:] == ["Add", "optimistic", "locking", "75", "03", "0", "of", "20", "not", "begun"]


def test_open_shows_the_brief(clone: Clone) -> None:
    """`kata open` renders the learner's own README, and begins to count time."""
    done = clone.kata("open", "03")
    assert "The order history of a school takes eleven seconds." in done.out
    assert "###" not in done.out
    assert clone.progress.exists()


def test_open_starts_the_editor(clone: Clone) -> None:
    """The editor gets the folder: with --editor alone, or after the brief where one is configured."""
    done = clone.kata("open", "03", "--editor", BACKEND_KATAS_EDITOR="echo editing")
    assert done.out == f"editing {clone.folder / 'katas' / KATA}\n"
    done = clone.kata("open", "03", BACKEND_KATAS_EDITOR="echo editing")
    assert "eleven seconds" in done.out
    assert "editing" in done.out
    assert clone.kata("open", "03", "--editor", BACKEND_KATAS_EDITOR="/no/such").status == 1


def test_hints_come_one_by_one(clone: Clone) -> None:
    """Each call gives one hint more and says how many are left; then all of them, and that none is."""
    said = [clone.kata("hint", "03", "2").out for _ in range(4)]
    assert ["2 left" in said[0], "1 left" in said[1], "None is left" in said[2]] == [True] * 3
    assert [len(re.findall(r"^\d\. ", text, re.MULTILINE)) for text in said] == [1, 1, 1, 3]
    assert "These are all 3 hints" in said[3]
    assert "Hint 1 of 3" in clone.kata("hint", "03", "3").out, "tasks are counted apart"


def test_hints_can_be_read_again(clone: Clone) -> None:
    """`--again` shows what was given, and gives nothing."""
    assert "0 of 3 were given" in clone.kata("hint", "03", "1", "--again").out
    clone.kata("hint", "03", "1")
    for _ in range(2):
        assert "1 of 3 were given, 2 left" in clone.kata("hint", "03", "1", "--again").out


def test_hints_are_those_of_the_kata(clone: Clone) -> None:
    """What a learner wrote into hints.md changes nothing."""
    (clone.folder / "katas" / KATA / "hints.md").write_text("no hints here")
    assert "Which lines of views.py" in clone.kata("hint", "03").out


def _spoil(clone: Clone) -> Path:
    """Change the kata's folder in every way that a learner may."""
    folder = clone.folder / "katas" / KATA
    (folder / "app" / "main.py").write_text("changed")
    (folder / "app" / "new.py").write_text("new")
    (folder / "schema.sql").unlink()
    (folder / "hints.md").unlink()
    (folder / "hints.md").mkdir()
    (folder / "hints.md" / "inside").write_text("a folder in place of a file")
    shutil.rmtree(folder / "app" / "shared")
    (folder / "app" / "shared").write_text("a file in place of a folder")
    (folder / "link").symlink_to("app/main.py")
    (folder / "app" / "__pycache__").mkdir(exist_ok=True)
    return folder


def test_reset_is_exact_and_comes_back(clone: Clone) -> None:
    """After reset the folder is the starter, in a clone with commits on top too; restore brings the attempt back."""
    clone.git("init", "-q")
    clone.git("add", "katas")
    clone.git("commit", "-qm", "The project")
    folder = _spoil(clone)
    clone.git("add", "katas")
    clone.git("commit", "-qm", "My attempt")
    attempt = files(folder)
    done = clone.kata("reset", "03")
    assert done.status == 0, done.err
    assert "kata restore 03 1" in done.out
    assert files(folder) == files(clone.folder / "solutions" / KATA / "starter")
    clone.git("add", "katas")
    assert clone.git("diff", "--cached", "HEAD~", "--", "katas") == ""
    assert "no attempt to keep" in clone.kata("reset", "03").out
    assert clone.kata("restore", "03").status == 0
    assert files(folder) == attempt
    clone.git("add", "katas")
    assert clone.git("status", "--short", "--", "katas") == ""


def test_attempts_are_numbered(clone: Clone) -> None:
    """Each reset keeps another attempt, the same one only once; any of them comes back, and what was there is kept."""
    app = clone.app(KATA) / "main.py"
    for text in ("first", "second"):
        app.write_text(text)
        clone.kata("reset", "03")
    app.write_text("third")
    done = clone.kata("restore", "03", "1")
    assert app.read_text() == "first"
    assert "What was there is attempt 3" in done.out
    clone.kata("reset", "03")
    listed = clone.kata("restore", "03", "--list").out.splitlines()
    assert [line.split()[0] for line in listed] == ["1", "2", "3"]
    assert clone.kata("restore", "03", "7").status == 2


def test_reset_leaves_alone_what_is_not_kept(clone: Clone) -> None:
    """Version control and virtual environments inside the folder stay where they are."""
    folder = clone.folder / "katas" / KATA
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("mine")
    (folder / "app" / "main.py").write_text("changed")
    assert clone.kata("reset", "03").status == 0
    assert (folder / ".git" / "HEAD").read_text() == "mine"


def test_an_attempt_that_cannot_be_kept_is_not_lost(clone: Clone) -> None:
    """Where there is no place for the attempt, nothing is changed."""
    (clone.folder / ".kata").mkdir()
    (clone.folder / ".kata" / "attempts").write_text("a file in the way")
    main = clone.app(KATA) / "main.py"
    main.write_text("changed")
    done = clone.kata("reset", "03")
    assert done.status == 1
    assert "nothing was changed" in done.err
    assert main.read_text() == "changed"


@pytest.mark.parametrize(
    ("moment", "status"),
    [("2020-01-01T00:00", 0), ("2999-01-01T00:00", 1), ("2999-06-01T00:00:00+01:00", 1), ("soon", 2)],
)
def test_an_instructor_opens_the_solutions(moment: str, status: int, clone: Clone) -> None:
    """From the moment that is set the solutions are shown; before it, it is named."""
    done = clone.kata("solution", "03", BACKEND_KATAS_SOLUTIONS_FROM=moment)
    assert done.status == status
    assert ("or from 2999-" in done.err) == (status == 1)


def test_the_moment_may_stand_in_the_project(clone: Clone) -> None:
    """pyproject.toml sets it for all katas, or for one."""
    with (clone.folder / "pyproject.toml").open("a") as file:
        file.write("\n[tool.backend-katas]\nsolutions_from = { 03 = 2020-01-01T00:00:00 }\n")
    assert clone.kata("diff", "03").status == 0
    assert clone.kata("diff", "04").status == 1


def test_solution_and_diff_tell_of_all_designs(clone: Clone) -> None:
    """The solution has its reasons and every alternative its trade-offs; a diff goes from mine to the one named."""
    shown = clone.kata("solution", "05", "--spoil").out
    assert "One transaction, begun with the key" in shown
    assert "INSERT INTO" in shown
    assert "Another way: Claim first, and fence the finish" in shown
    assert "kata diff 05 claim_first" in shown
    diff = clone.kata("diff", "05", "claim_first", "--spoil").out
    assert "--- yours/app/features/payments/pay.py" in diff
    assert "no transaction is open while the gateway thinks" in " ".join(diff.split())
    clone.lay("05_idempotency", "reference", "alternatives/claim_first")
    assert "There is no difference." in clone.kata("diff", "05", "claim_first", "--spoil").out


def test_pytest_counts_as_an_attempt(clone: Clone) -> None:
    """A run of all checks sets points and attempts; one of a few checks, or of another folder, does not."""
    clone.lay(KATA, "reference")
    assert clone.pytest("katas/03").status == 0
    table = tomllib.loads(clone.progress.read_text())[KATA]
    assert (table["points"], table["attempts"]) == (20, 1)
    assert "passed" in table
    clone.kata("reset", "03")
    assert clone.pytest("katas/03", "-k", "one-order-takes-few-round-trips").status == 1
    assert clone.pytest(f"solutions/{KATA}/reference", "-k", CHEAP).status == 0
    shutil.copytree(clone.folder / "katas" / KATA, clone.folder / "elsewhere" / KATA)
    assert clone.pytest(f"elsewhere/{KATA}", "-k", CHEAP).status == 0
    table = tomllib.loads(clone.progress.read_text())[KATA]
    assert (table["points"], table["latest"], table["attempts"]) == (20, 20, 1)
    assert "20 of 20" in clone.kata("list").out
    assert clone.kata("diff", "03").status == 0, "it was passed once"


def test_progress_is_exported(clone: Clone) -> None:
    """`--export` writes JSON to a file or to stdout."""
    clone.kata("hint", "04", "2")
    told = json.loads(clone.kata("progress", "--export", "-").out)
    assert clone.kata("progress", "--export", "mine.json").status == 0
    assert json.loads((clone.folder / "mine.json").read_text()) == told
    mine = next(kata for kata in told["katas"] if kata["kata"] == "04_optimistic_locking")
    assert (mine["hints"], mine["state"], mine["total"]) == ({"2": 1}, "begun", 20)
    assert "hints: 1 of task 2" in clone.kata("progress").out


def test_a_damaged_file_is_named_and_kept(clone: Clone) -> None:
    """A progress file that cannot be read is said in one line, never written over, and no reason for pytest to fail."""
    clone.progress.parent.mkdir()
    clone.progress.write_text('version = 1\n[03_n_plus_one]\npoints = "all"\n')
    before = clone.progress.read_bytes()
    for words in (["progress"], ["list"], ["hint", "03"], ["next"], []):
        done = clone.kata(*words)
        assert done.status == 1, words
        assert "03_n_plus_one.points must be a number, 0 or more, got 'all'" in done.err
        assert done.err.count("\n") == 1
    done = clone.pytest("katas/03", "-k", CHEAP)
    assert done.status == 0, done.out
    assert "Not counted as an attempt" in done.out
    assert clone.progress.read_bytes() == before


def test_pytest_does_without_a_place_for_progress(clone: Clone) -> None:
    """Where nothing can be written the verdict is the same."""
    (clone.folder / ".kata").write_text("in the way")
    done = clone.pytest("katas/03", "-k", CHEAP)
    assert (done.status, "Not counted as an attempt" in done.out) == (0, True)
