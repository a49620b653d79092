"""`kata dev matrix`: which check catches which wrong solution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.cli.dev.corpus import open_all
from grader.cli.writing import require_writable, write

if TYPE_CHECKING:
    from grader.contract.matrix import Matrix

Kata = Annotated[str, typer.Argument(metavar="KATA", help="Its number or name.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write it as Markdown to this file.")]


def matrix(kata: Kata, output: Output = None) -> None:
    """Show which check catches what.

    A row is a wrong solution. The corpus says so, and kata dev check proves it.
    """
    from grader.contract.matrix import Matrix, markdown  # noqa: PLC0415 -- `kata --help` need not pay for its import

    require_writable(output)
    dossiers, faults = open_all([kata])
    if faults:
        raise Complaint(str(faults[0]), status=1)
    made = Matrix.of(dossiers[0])
    if output:
        write(output, markdown(made))
    else:
        _show(made)


def _show(made: Matrix) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- likewise
    from rich.console import Console  # noqa: PLC0415 -- likewise
    from rich.table import Table  # noqa: PLC0415 -- likewise

    from grader.contract.matrix import CAUGHT  # noqa: PLC0415 -- likewise

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0, title=made.title, title_justify="left")
    table.add_column("", no_wrap=True, overflow="ellipsis")
    for number in range(1, len(made.checks) + 1):
        table.add_column(str(number), justify="right", no_wrap=True, min_width=len(str(len(made.checks))))
    for row in made.rows:
        table.add_row(row.name, *(CAUGHT if check in row.caught else "" for check in made.checks))
    table.add_section()
    table.add_row("caught in all", *(str(made.times(check)) for check in made.checks))
    console = Console()
    console.print(table)
    for number, check in enumerate(made.checks, 1):
        console.print(f"{number:>2}  {check}", markup=False, highlight=False)
