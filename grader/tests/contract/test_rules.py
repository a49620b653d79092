"""Every rule about a kata's files can fail, and says in a line what is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.contract.dossier import Faulty, open_dossier
from grader.contract.rules import FRESH, RULES
from grader.kata import SOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "03_n_plus_one"
MISTAKE = "mistakes/total_is_the_page"


class Copy:
    """A copy of a kata, to be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.solutions = folder / "solutions" / NAME
        self.attempt = folder / "katas" / NAME
        shutil.copytree(SOLUTIONS / NAME, self.solutions)
        shutil.copytree(SOLUTIONS / NAME / "starter", self.attempt)

    def replace(self, file: str, old: str, new: str) -> None:
        """Put other words in place of the first of these, which must be there."""
        path = self.solutions / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def faults(self) -> list[str]:
        """Return what the rules find."""
        dossier = open_dossier(NAME, self.solutions.parent, self.attempt.parent)
        return [str(fault) for rule in (*RULES, *FRESH) for fault in rule(dossier)]


@pytest.fixture
def kata(tmp_path: Path) -> Copy:
    """A kata without a fault."""
    return Copy(tmp_path)


def test_a_kata_without_a_fault_has_none(kata: Copy) -> None:
    """The copy that the other tests spoil holds every rule."""
    assert kata.faults() == []


def _write(file: str, text: str = "x\n") -> Callable[[Copy], None]:
    def spoil(kata: Copy) -> None:
        (kata.solutions / file).parent.mkdir(parents=True, exist_ok=True)
        (kata.solutions / file).write_text(text)

    return spoil


def _drop(file: str) -> Callable[[Copy], None]:
    def spoil(kata: Copy) -> None:
        path = kata.solutions / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def _replace(file: str, old: str, new: str) -> Callable[[Copy], None]:
    return lambda kata: kata.replace(file, old, new)


BRIEF, HINTS, TOML, STARTER = "starter/README.md", "starter/hints.md", "starter/kata.toml", "starter.toml"
SPOILT = [
    (_drop(HINTS), f"{HINTS}: is missing"),
    (_drop("reference/about.toml"), "reference/about.toml: is missing"),
    (_drop(f"{MISTAKE}/about.toml"), f"{MISTAKE}/about.toml: is missing"),
    (lambda kata: [_drop(f"alternatives/{p.name}")(kata) for p in (kata.solutions / "alternatives").iterdir()],
     "alternatives: there are 0, at least 2 are needed"),
    (_write("notes.txt"), "notes.txt: is stray"),
    (_write("starter/app/views.py.orig"), "starter/app/views.py.orig: is stray"),
    (_write(f"{MISTAKE}/README.md"), f"{MISTAKE}/README.md: is stray"),
    (lambda kata: (kata.solutions / "mistakes" / "nothing").mkdir(), "mistakes/nothing: is empty"),
    (_replace(f"{MISTAKE}/about.toml", "title", "titel"), f"{MISTAKE}/about.toml: title is missing"),
    (_replace(f"{MISTAKE}/about.toml", "title", "titel"), f"{MISTAKE}/about.toml: titel is none of"),
    (_replace("reference/about.toml", "One loading plan, used by both routes", " "), "about.toml: title is empty"),
    (_replace(f"{MISTAKE}/about.toml", "limits-are-kept", "limits-kept"), "caught names 'limits-kept', which is no"),
    (lambda kata: shutil.copyfile(kata.solutions / "reference/app/main.py", kata.solutions / MISTAKE / "app/main.py"),
     f"{MISTAKE}/app/main.py: is equal to the reference's"),
    (_drop("transcripts/mistakes/total_is_the_page.txt"), "total_is_the_page.txt: is missing; kata dev"),
    (_replace(f"transcripts/{MISTAKE}.txt", "limits-are-kept", "limits"), "page.txt: lacks limits-are-kept"),
    (_write("transcripts/mistakes/gone.txt"), "transcripts/mistakes/gone.txt: is stray"),
    (_replace(f"transcripts/{MISTAKE}.txt", "── ", "── x ──\ny\n\n── "), "total_is_the_page.txt: shows x, which do"),
    (_replace(HINTS, "# Hints", "# Hints\n\nTODO: more"), f"{HINTS}:3: TODO more"),
    (_replace(TOML, "orders = 4", "orders = 5"), f"{TOML}: the points sum to 21, they must sum to 20"),
    (_replace(TOML, "minutes = 60", "minutes = 90"), f"{TOML}: the tasks take 60 minutes, the kata 90"),
    (_replace(TOML, "limits-are-kept = 0\n", ""), f"{TOML}: limits-are-kept has no points under task 5"),
    (_replace(TOML, "limits-are-kept", "limits-kept"), f"{TOML}: limits-kept is no check of grader/checks/n_plus_one"),
    (_replace(TOML, "every-order-exactly-once = 0\n", "every-order-exactly-once = 0\nlimits-are-kept = 0\n"),
     f"{TOML}: limits-are-kept stands under 2 tasks"),
    (_replace(TOML, "difficulty = 2", "difficulty = 6"), f"{TOML}: difficulty must be 1 to 5, got 6"),
    (_replace(TOML, "requires = []", "requires = [3]"), f"{TOML}: requires must be numbers of other katas, got 3"),
    (_replace(TOML, '["postgres"]', '["mysql"]'), f"{TOML}: services must be some of postgres, redis, got 'mysql'"),
    (_replace(STARTER, "only-the-asked-rows-are-read = [", "unknown-and-empty = ["),
     f"{STARTER}: caught lacks only-the-asked-rows-are-read"),
    (_replace(STARTER, "only-the-asked-rows-are-read = [", "unknown-and-empty = ["),
     f"{STARTER}: caught names unknown-and-empty, a guard"),
    (_replace(f"{MISTAKE}/about.toml", "limits-are-kept = ", "# "), f"{MISTAKE}/about.toml: caught names no check"),
    (_replace(BRIEF, "# 03 Fix the N+1", "# Fix the N+1"), f"{BRIEF}: lacks its title, as in kata.toml"),
    (_replace(BRIEF, "## Three ways to fail", "## Two ways"), f"{BRIEF}: lacks a section: ## Three ways to fail"),
    (_replace(BRIEF, "| a race |", "| a riddle |"), "lacks one of the three ways to fail: | a race |"),
    (_replace(BRIEF, "> **What the grader does", "> **What it does"), f"{BRIEF}: lacks the box"),
    (_replace(BRIEF, "**A good place to stop.**", "Well."), "the place to stop must end the section of task 2"),
    (_replace(BRIEF, "(20 minutes, 8 points)", "(20 minutes, 7 points)"), "heads task 1 with '### 1. The number"),
    (_replace(BRIEF, "### 3. The answer", "### 3 The answer"), "lacks the section of task 3: ### 3. The answer fits"),
    (_replace(BRIEF, "### 5. The edges hold", "### 6. The edges hold"), "describes task 6, which kata.toml does not"),
    (_replace(BRIEF, "(4 points);", ";"), "task 1 gives 2 + 2 points in brackets, its checks have 4 + 2 + 2"),
    (_replace(STARTER, 'limits-are-kept = "', 'limits = "'), f"{STARTER}: said lacks limits-are-kept"),
    (_replace(STARTER, 'limits-are-kept = "', 'limits = "'), f"{STARTER}: said names limits, which is no check"),
    (_replace(BRIEF, "200 orders of two lines take", "200 orders take"), "what is not in the section of task 3: 200"),
    (_replace(BRIEF, "An order is in the next answer", "It is there"), "what is not in the brief: An order is in"),
    (_replace(HINTS, "\n3. ", "\n4. "), f"{HINTS}: task 1 has 3 hints, numbered from 1; it needs three"),
    (_replace(BRIEF, "(hints.md)", "(hint.md)"), f"{BRIEF}: links to hint.md, which is not there"),
    (_replace(BRIEF, "(hints.md)", "(#hints)"), f"{BRIEF}: links to #hints, and has no such heading"),
    (lambda kata: (kata.attempt / "schema.sql").unlink(), f"katas/{NAME}/schema.sql: is missing; the starter has it"),
    (lambda kata: (kata.attempt / "notes.txt").touch(), f"katas/{NAME}/notes.txt: is stray: the starter has no such"),
    (lambda kata: (kata.attempt / "schema.sql").write_text("--"), f"katas/{NAME}/schema.sql: differs from the starter"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "fault"), SPOILT, ids=[fault for _, fault in SPOILT])
def test_what_is_spoilt_is_found(kata: Copy, spoil: Callable[[Copy], object], fault: str) -> None:
    """Each way to spoil a kata gives a fault that names the file and what is wrong with it."""
    spoil(kata)
    assert any(fault in found for found in kata.faults()), kata.faults()


def test_what_an_overlay_does_without_it_may_bring_back(kata: Copy) -> None:
    """A file that the overlay leaves out of the reference may stand in it as it was."""
    shutil.copyfile(kata.solutions / "reference/app/main.py", kata.solutions / MISTAKE / "app/main.py")
    assert len(kata.faults()) == 1
    kata.replace(f"{MISTAKE}/about.toml", "title", 'without = ["app"]\ntitle')
    assert kata.faults() == []


def test_too_few_checks_and_kinds_are_found(kata: Copy) -> None:
    """A kata needs eight checks, a race, an integrity and a boundary check, and a sentence for each."""
    dossier = open_dossier(NAME, kata.solutions.parent, kata.attempt.parent)
    one = replace(next(check for check in dossier.checks if check.kind == "cost"), title="no sentence")
    found = [str(fault) for rule in RULES for fault in rule(replace(dossier, checks=(one,)))]
    where = "grader/checks/n_plus_one: "
    assert f"{where}there are 1 checks, at least 8 are needed" in found
    assert [f"{where}no check is of the kind {kind}" in found for kind in ("race", "integrity", "boundary")] == [
        True
    ] * 3
    assert f"{where}{one.id}: its docstring must be a sentence, got 'no sentence'" in found


def test_a_check_that_catches_nobody_is_found(kata: Copy) -> None:
    """A guard that no mistake is caught by could as well not be there."""
    for about in (kata.solutions / "mistakes").glob("*/about.toml"):
        lines = about.read_text().splitlines(keepends=True)
        about.write_text("".join(line for line in lines if not line.startswith("unknown-and-empty")))
    assert f"solutions/{NAME}/mistakes: none is caught by unknown-and-empty" in kata.faults()


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("number =", "kata.toml: cannot be read: "),
        ('number = "three"\n', "kata.toml: tasks must be a list, got None"),
        ("", "kata.toml: tasks must be a list, got None"),
    ],
)
def test_a_definition_that_cannot_be_read_is_one_fault(kata: Copy, toml: str, fault: str) -> None:
    """Where kata.toml is wrong there is nothing to hold the rest against."""
    (kata.solutions / TOML).write_text(toml)
    with pytest.raises(Faulty, match=fault) as raised:
        kata.faults()
    assert str(raised.value).startswith(f"solutions/{NAME}/{TOML}: ")
