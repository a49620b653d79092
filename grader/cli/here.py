"""`kata` alone: where am I, what is next."""

from __future__ import annotations

from grader.cli.chosen import submission_of
from grader.cli.terminal import out, points
from grader.kata import load_katas
from grader.progress import Record, State, next_of, read


def show() -> None:
    """Print five lines at most."""
    katas, records = load_katas(), read()
    total = sum(worth for kata in katas for _, worth in kata.points.values())
    earned = sum(records[kata.name].points for kata in katas if kata.name in records)
    passed = sum(records.get(kata.name, Record()).state is State.PASSED for kata in katas)
    console = out()
    console.print(f"Backend Katas · {passed} of {len(katas)} katas passed · {points(earned, total)}", style="bold")
    here = submission_of(None).kata
    record = records.get(here.name, Record())
    if record.state is not State.NEW:
        console.print(f"Here:  {here.number:02d} {here.title} · {standing(record)}")
    following = next_of(katas, records)
    if following is None:
        console.print("Next:  nothing, all are passed. kata solution 03 shows how others did it.")
    else:
        number = f"{following.number:02d}"
        if following != here or record.state is State.NEW:
            console.print(f"Next:  {number} {following.title} · {following.minutes} minutes")
        console.print(f"       kata open {number} shows its brief, kata watch {number} grades it at each save")
    console.print("More:  kata list, kata hint, kata --help")


def standing(record: Record) -> str:
    """Return where a kata stands, in a few words."""
    attempts = "1 attempt" if record.attempts == 1 else f"{record.attempts} attempts"
    return f"{record.state.value}, {record.points} points, {attempts}, {record.minutes} min"
