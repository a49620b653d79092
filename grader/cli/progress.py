"""`kata progress`: what the learner has done, for themselves or, where they send it, for an instructor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.cli import Complaint
from grader.cli.here import standing
from grader.cli.terminal import out
from grader.kata import Kata, load_katas
from grader.progress import FILE, Record, State, read

VERSION = 1


def command(
    *,
    export: Annotated[
        str | None,
        typer.Option(
            "--export", metavar="FILE", help="Write it as JSON for an instructor; - is stdout.", show_default=False
        ),
    ] = None,
) -> None:
    """Show your points, attempts and time on each kata.

    They stand in .kata/progress.toml, and nothing sends them anywhere.
    """
    records, katas = read(), load_katas()
    if export is not None:
        _write(export, json.dumps(document(katas, records), indent=2, ensure_ascii=False) + "\n")
        return
    console = out()
    for kata in katas:
        record = records.get(kata.name, Record())
        console.print(f"{kata.number:02d} {kata.title}", style="bold")
        console.print(f"   {standing(record) if record.state is not State.NEW else record.state.value}")
        if record.passed:
            console.print(f"   passed on {record.passed.astimezone():%Y-%m-%d %H:%M}")
        elif record.failed:
            console.print(f"   failed in the latest attempt: {', '.join(record.failed)}")
        if record.hints:
            given = ", ".join(f"{count} of task {task}" for task, count in sorted(record.hints.items()))
            console.print(f"   hints: {given}")
    console.print(f"\nIt stands in {FILE}", style="dim", soft_wrap=True)


def document(katas: list[Kata], records: dict[str, Record]) -> dict[str, Any]:
    """Return what is exported: numbers and moments, and of failures the names of the checks only."""
    return {"version": VERSION, "katas": [_exported(kata, records.get(kata.name, Record())) for kata in katas]}


def _exported(kata: Kata, record: Record) -> dict[str, Any]:
    told = asdict(record)
    for key in ("first", "last", "passed"):
        told[key] = told[key] and told[key].isoformat()
    told["failed"] = list(record.failed)
    total = sum(worth for _, worth in kata.points.values())
    return {"kata": kata.name, "total": total, "state": record.state.value, **told}


def _write(name: str, text: str) -> None:
    if name == "-":
        typer.echo(text, nl=False)
        return
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Complaint(f"{name} cannot be written: {error.strerror}; name another file") from error
    typer.echo(f"Written to {name}; give it to whom you like.")
