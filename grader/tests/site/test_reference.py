"""The reference pages, and the schema of the result file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from grader.cli import STATUSES, VERBS
from grader.kata import PROJECT
from grader.settings import SETTINGS
from grader.site import reference
from grader.site.fields import fields_of
from grader.site.workshop import all_rooms
from grader.tests.grade.project import pytest_in, submission

if TYPE_CHECKING:
    from pathlib import Path


def test_a_real_result_file_is_valid(tmp_path: Path) -> None:
    """What --result-json writes, with a schedule and with evidence in it, is what the schema describes."""
    submission(tmp_path / "katas" / "03_n_plus_one", "starter")
    submission(tmp_path / "katas" / "04_optimistic_locking", "starter", kata="04_optimistic_locking")
    chosen = "one-of-two-edits-wins or statements-do-not-grow-with-lines or an-unknown-book-is-not-found"
    run = pytest_in(tmp_path, "katas", "-k", chosen, "--result-json=result.json")
    assert run.status == 1, run.output
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, reference.schema())
    checks = {check["id"]: check for each in result["submissions"] for check in each["checks"]}
    assert checks["one-of-two-edits-wins"]["timeline"]["moments"]
    assert checks["statements-do-not-grow-with-lines"]["evidence"]

    checks["one-of-two-edits-wins"]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.validate(result, reference.schema())


def test_every_verb_and_option_is_there() -> None:
    """Whatever verb or option the code has, the reference names it."""
    shown = reference.verbs()
    for verb in (verb for panel in VERBS.values() for verb in panel):
        assert f"`kata {verb}`" in shown
    shown = reference.options()
    for option in SETTINGS:
        assert f"`{option.flag}`" in shown


def test_every_exit_status_is_there() -> None:
    """The reference page says what each exit status means, and so does the README, in the same words."""
    shown = reference.statuses()
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for number, text in STATUSES.items():
        assert f"| `{number}` | {text[0].upper()}{text[1:]}. |" in shown
        assert f"{number}: {text}" in readme


def test_a_field_says_what_it_is() -> None:
    """A field that nobody describes is an error, not an empty cell."""

    class Silent:
        name: str

    Silent.__module__ = __name__
    with pytest.raises(ValueError, match="say in a docstring below what name is"):
        fields_of(Silent)


def test_the_kill_matrix_marks_what_is_caught() -> None:
    """A row has a mark in the column of each check that is named for the mistake, and in no other."""
    room = next(room for room in all_rooms() if room.kata.number == 4)
    shown = reference.kill_matrix([room])
    row = next(line for line in shown.splitlines() if "#restock-reads-and-writes-back" in line)
    assert row.count("✘") == 1
    column = row.split(" | ").index("✘")
    titles = [line for line in shown.splitlines() if line[:1].isdigit()]
    assert titles[column - 1] == f"{column}. {next(c for c in room.checks if c.id == 'restocks-add-up').title}"
