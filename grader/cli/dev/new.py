"""`kata dev new`: the files of a new kata."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli import Complaint

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="1 to 99; it names every folder of the kata.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Lower-case words joined by _, as in n_plus_one.")]


def new(number: Number, slug: Slug) -> None:
    """Write the files of a new kata.

    What is still to be written in them is marked TODO.
    """
    from grader.contract.scaffold import ScaffoldError, scaffold  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.kata import PROJECT  # noqa: PLC0415 -- likewise

    try:
        folders = scaffold(number, slug)
    except ScaffoldError as error:
        raise Complaint(str(error)) from error
    for folder in folders:
        typer.echo(f"{folder.relative_to(PROJECT)}/")
    typer.echo(f"What is missing, line by line: kata dev check {number:02d} --files-only")
