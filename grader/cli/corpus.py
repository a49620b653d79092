"""A kata's own solutions, as a learner may see them: from when on, and what their failure resembles."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.kata import SOLUTIONS, load_entries, load_entry
from grader.progress import Record, likeness, read, solutions_from

if TYPE_CHECKING:
    from grader.kata import Entry, Kata, Submission

MOST_TOLD = 3
"""So many of the mistakes that a failure resembles are told with their misconceptions."""
Alternative = Annotated[
    str | None, typer.Argument(metavar="[ALTERNATIVE]", help="Default: the reference.", show_default=False)
]
Spoil = Annotated[bool, typer.Option("--spoil", help="Show it before you have passed.")]


def require_open(kata: Kata, *, spoil: bool) -> None:
    """Complain where the kata is not passed, the instructor's moment has not come, and nobody asked to be spoiled."""
    if spoil or read().get(kata.name, Record()).passed:
        return
    moment = solutions_from(kata, os.environ)
    if moment and moment <= datetime.now(UTC):
        return
    when = f", or from {moment:%Y-%m-%d %H:%M} on" if moment else ""
    raise Complaint(
        f"solutions are shown once kata {kata.number:02d} has passed (pytest katas/{kata.number:02d}){when}; "
        "--spoil shows them now",
        1,
    )


def solution_of(kata: Kata, name: str | None) -> Entry:
    """Return the reference, or the alternative of this name; Complaint where there is none such."""
    if name in {None, "reference"}:
        return load_entry(SOLUTIONS / kata.name / "reference")
    alternatives = {short_name(entry): entry for entry in load_entries(kata, "alternatives")}
    if name not in alternatives:
        raise Complaint(
            f"kata {kata.number:02d} has no solution {name!r}; there are reference, {', '.join(alternatives)}"
        )
    return alternatives[name]


def short_name(entry: Entry) -> str:
    """Return the name of an alternative or a mistake without its kind."""
    return entry.name.rpartition("/")[2]


def resemblance(kata: Kata) -> str:
    """Return what the learner's last failure resembles, in Markdown; empty where there is nothing like it."""
    record = read().get(kata.name, Record())
    entries = [load_entry(SOLUTIONS / kata.name / "starter"), *load_entries(kata, "mistakes")]
    found = likeness(record.failed, entries)
    mistakes = [one for one in found if one.entry.name != "starter"]
    if not found:
        return ""
    if not mistakes:
        return "Your last failure was that of the starter."
    names = " or ".join(f"*{one.entry.title.lower()}*" for one in mistakes)
    first = mistakes[0]
    if first.share == 1:
        head = f"Your last failure had the same signature as {names}."
    else:
        less, more = _listed(first.less), _listed(first.more)
        head = f"Your last failure came near to {names}" + (f", which fails {less} too" if less else "")
        head += f"; beyond it you failed {more}." if more else "."
    return "\n\n".join([head, *(f"*{one.entry.title}*: {one.entry.text}" for one in mistakes[:MOST_TOLD])])


def files_of(submission: Submission) -> dict[str, Path]:
    """Return what a service consists of by its paths: its code and schema, later layers over earlier ones."""
    found: dict[str, Path] = {}
    for layer in submission.layers:
        if layer == submission.layers[-1]:
            left_out = tuple(Path(path) for path in submission.without)
            found = {n: path for n, path in found.items() if not any(Path(n).is_relative_to(out) for out in left_out)}
        found |= {
            path.relative_to(layer).as_posix(): path
            for path in sorted(layer.rglob("*"))
            if path.is_file() and path.suffix in {".py", ".sql"} and "__pycache__" not in path.parts
        }
    return found


def _listed(checks: tuple[str, ...]) -> str:
    return ", ".join(f"`{check}`" for check in checks)
