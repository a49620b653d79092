"""`kata shape`: the files that each use case of a submission stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import Complaint


def command(
    of: Annotated[str, typer.Argument(metavar="KATA|FOLDER", help="A kata's number, or a submission's folder.")] = ".",
) -> None:
    """Draw, for each use case, the files that a change of it touches."""
    from grader.kata import KATAS, find_by_number  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.report.footprint import render_footprint  # noqa: PLC0415 -- likewise
    from grader.shape import UnreadableError, footprint, read_code  # noqa: PLC0415 -- likewise

    places = (find_by_number(KATAS / of) or Path(of), KATAS / of)
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise Complaint(f"{of} is neither the number of a kata nor a folder; try  kata shape 01")
    try:
        found = footprint(read_code(folder))
    except UnreadableError as error:
        raise Complaint(f"{folder}: {error}", status=1) from error
    if not found.use_cases:
        raise Complaint(f"{folder}: no route is declared in app/, so there is no use case to draw", status=1)
    typer.echo(render_footprint(found))
