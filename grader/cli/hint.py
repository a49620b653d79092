"""`kata hint`: one hint more for a task, from a question to nearly the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.cli.chosen import Named, kata_of
from grader.cli.terminal import heading, markdown, out
from grader.progress import Hints, Record, gave_hint, hints_of, read

if TYPE_CHECKING:
    from grader.kata import Kata


def command(
    kata: Named = None,
    task: Annotated[
        int | None, typer.Argument(metavar="[TASK]", help="Default: the first task not done.", show_default=False)
    ] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Show those given so far, and none more.")] = False,
) -> None:
    """Give one more hint for a task, of three."""
    found = kata_of(kata)
    hints = hints_of(found)
    number = open_task(found, read().get(found.name, Record())) if task is None else task
    if number not in hints:
        raise Complaint(f"kata {found.number:02d} has the tasks {', '.join(map(str, hints))}, not {number}")
    shown, rest = (given if again else give)(found, hints[number])
    console = out()
    console.print(heading(f"Kata {found.number:02d}, task {number}: {hints[number].title}"))
    for step in shown:
        console.print(markdown(step))
    console.print(rest, style="dim")


def give(kata: Kata, hints: Hints) -> tuple[list[str], str]:
    """Give the next hint, or all of them where none is left; return them with a word on how many are left."""
    total = len(hints.steps)
    if _count(kata, hints) >= total:
        return _numbered(hints, total), f"These are all {total} hints of this task; none is left."
    count = gave_hint(kata.name, hints.task)
    left = total - count
    more = f"{left} left: kata hint {kata.number:02d} {hints.task}" if left else "None is left."
    return _numbered(hints, count)[-1:], f"Hint {count} of {total}. {more}"


def given(kata: Kata, hints: Hints) -> tuple[list[str], str]:
    """Return the hints that were given so far, with a word on how many are left."""
    total, count = len(hints.steps), _count(kata, hints)
    return _numbered(hints, count), f"{count} of {total} were given, {total - count} left."


def _count(kata: Kata, hints: Hints) -> int:
    return min(read().get(kata.name, Record()).hints.get(str(hints.task), 0), len(hints.steps))


def open_task(kata: Kata, record: Record) -> int:
    """Return the number of the first task of which a check did not pass in the latest attempt."""
    open_tasks = [task.number for task in kata.tasks if not record.attempts or set(task.points) & set(record.failed)]
    return open_tasks[0] if open_tasks else kata.tasks[0].number


def _numbered(hints: Hints, count: int) -> list[str]:
    return [f"**{number}.** {step}" for number, step in enumerate(hints.steps[:count], 1)]
