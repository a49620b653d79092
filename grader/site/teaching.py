"""What an instructor plans with: minutes, agendas, and what people get wrong, all from the katas themselves."""

from __future__ import annotations

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


def agenda(rooms: Sequence[Room], numbers: Sequence[str]) -> str:
    """Return the tasks of some katas with their minutes: `04=1-2` is the first two of kata 04."""
    named = {f"{room.kata.number:02d}": room for room in rooms}
    rows, total = [], 0
    for number in numbers:
        name, _, span = number.partition("=")
        room = named[name]
        first, _, last = span.partition("-")
        tasks = [t for t in room.kata.tasks if not span or int(first) <= t.number <= int(last or first)]
        took = sum(task.minutes for task in tasks)
        which = "all tasks" if not span else f"tasks {first} to {last}" if last else f"task {first}"
        rows.append((f"[{room.title}](../{room.page})", which, str(took)))
        total += took
    return table(("Kata", "Tasks", "Minutes"), [*rows, ("**At the keyboard**", "", f"**{total}**")])


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
