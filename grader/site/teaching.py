"""What an instructor plans with: minutes, and what people get wrong, all from the katas themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.site.markup import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.site.workshop import Room


def minutes(rooms: Sequence[Room]) -> str:
    """Return the minutes planned for each task, with room for those that it took."""
    rows = []
    for room in rooms:
        rows.append((f"**{room.title}**", f"**{room.kata.minutes}**", str(room.points), ""))
        rows += [
            (f"{task.number}. {task.title}", str(task.minutes), str(sum(task.points.values())), "")
            for task in room.kata.tasks
        ]
    return table(("Task", "Minutes planned", "Points", "Minutes observed"), rows)


def planned(rooms: Sequence[Room], which: str) -> str:
    """Return the minutes of a kata's tasks: of `04` all, of `04=1-2` the first two; KeyError for a kata not there."""
    name, _, span = which.partition("=")
    room = {f"{room.kata.number:02d}": room for room in rooms}[name]
    first, _, last = span.partition("-")
    tasks = [task for task in room.kata.tasks if not span or int(first) <= task.number <= int(last or first)]
    return str(sum(task.minutes for task in tasks))


def summed(markdown: str) -> str:
    """Return the text with each `{{ sum }}` in a table replaced by the sum of the numbers above it."""
    lines, total = [], 0
    for line in markdown.splitlines(keepends=True):
        number = re.search(r"\| *(\d+) *\|\s*$", line)
        total = total + int(number[1]) if number else total if line.startswith("|") else 0
        lines.append(line.replace("{{ sum }}", str(total)))
    return "".join(lines)


def what_goes_wrong(rooms: Sequence[Room]) -> str:
    """Return the mistakes of each kata, each with the first sentence of its misconception."""
    parts = []
    for room in rooms:
        parts.append(f"### {room.title}\n")
        rows = []
        for exhibit in room.mistakes:
            thought = exhibit.told.splitlines()[0]
            link = f"[{exhibit.title}](../{room.gallery}#{exhibit.anchor})"
            rows.append((link, thought))
        parts.append(table(("What they do", "What they think"), rows))
    return "\n".join(parts)
