"""The hints of a kata, as its pristine `hints.md` has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.kata import SOLUTIONS, KataError

if TYPE_CHECKING:
    from grader.kata import Kata

_TASK = re.compile(r"^## Task (\d+): *(.+)$", re.MULTILINE)
_HINT = re.compile(r"^\d+\. ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hints:
    """The hints of one task, from a question to nearly the answer, in Markdown."""

    task: int
    title: str
    steps: tuple[str, ...]


def hints_of(kata: Kata) -> dict[int, Hints]:
    """Return the hints of each task by its number; KataError where the file is missing or lacks a task."""
    path = SOLUTIONS / kata.name / "starter" / "hints.md"
    try:
        _, *parts = _TASK.split(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KataError(f"{path}: cannot be read: {error}") from error
    found = {}
    for number, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        _, *steps = _HINT.split(body)
        found[int(number)] = Hints(int(number), title.strip(), tuple(step.strip() for step in steps))
    for task in kata.tasks:
        if not (task.number in found and found[task.number].steps):
            raise KataError(f"{path}: a heading `## Task {task.number}: …` with numbered hints must be there")
    return found
