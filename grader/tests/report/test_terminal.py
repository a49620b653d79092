"""A finding with a timeline, as a learner reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.report.terminal import render_result
from grader.tests.report.examples import LOST_UPDATE, finding, result
from grader.tests.report.hostile import HOSTILE, NASTY
from grader.verdict import Evidence, Outcome

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = "katas/04_optimistic_locking/kata.toml::one-of-two-edits-wins"
REPLAY = "pytest katas/04_optimistic_locking --replay one-of-two-edits-wins:A.BBB.AA"


def test_the_picture_stands_in_the_finding(tmp_path: Path) -> None:
    """What was done, the picture, the learner's line, why, the nearest good order, and how to see it again."""
    code = tmp_path / "app" / "books.py"
    code.parent.mkdir()
    code.write_text("\n" * 37 + "    await session.execute(save)\n")
    lines = render_result(result(LOST_UPDATE), (tmp_path,), AGAIN).splitlines()
    assert lines[0].startswith("The grader ")
    assert lines[4] == "✘ Two editors who read the same version cannot both save".ljust(89) + "lost update"
    assert lines[-5:] == [
        "  at app/books.py:38",
        "      await session.execute(save)",
        "Why:       A's update does not ask whether the row is still at version 3. B's title is gone.",
        "Nearest good order: 4 before 1. Tried 14 schedules (complete, 4 classes): 12 wrong.",
        f"Again:     {REPLAY}",
    ]


def test_the_command_can_be_pasted() -> None:
    """A folder with a space in its name is quoted, and pytest's own id is given where there is nothing to replay."""
    shown = render_result(result(LOST_UPDATE), (), "bob/my solution/kata.toml::x").splitlines()[-1]
    assert shown == "Again:     pytest 'bob/my solution' --replay one-of-two-edits-wins:A.BBB.AA"
    shown = render_result(result(LOST_UPDATE), (), "kata.toml::x").splitlines()[-1]
    assert shown == "Again:     pytest . --replay one-of-two-edits-wins:A.BBB.AA"
    shown = render_result(result(replace(LOST_UPDATE, token="")), (), AGAIN).splitlines()[-1]
    assert shown == f"Again:     pytest {AGAIN}"


def test_no_control_character_reaches_the_terminal() -> None:
    """Whatever a submission puts into statements, answers and messages is written out."""
    found = replace(finding(HOSTILE), done=NASTY, seen=NASTY, evidence=(Evidence(NASTY, (NASTY,)),))
    texts = [
        render_result(replace(result(HOSTILE), finding=found), (), AGAIN),
        render_result(replace(result(HOSTILE), finding=None, message=NASTY, outcome=Outcome.BLOCKED), (), AGAIN),
    ]
    for text in texts:
        assert text.replace("\n", "").isprintable()
