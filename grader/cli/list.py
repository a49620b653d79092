"""`kata list`: the katas that there are, in the order in which they are best taken up."""

from __future__ import annotations

from rich import box
from rich.table import Table

from grader.cli.terminal import out
from grader.kata import load_katas, on_the_path
from grader.progress import Record, read


def command() -> None:
    """List the katas: minutes, what goes before, points so far."""
    records = read()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title, justify in (
        ("", "left"),
        ("kata", "left"),
        ("minutes", "right"),
        ("after", "left"),
        ("points", "right"),
    ):
        table.add_column(title, justify=justify, no_wrap=title != "kata")  # type: ignore[arg-type]
    table.add_column("state", no_wrap=True)
    for kata in on_the_path(load_katas()):
        record = records.get(kata.name, Record())
        total = sum(worth for _, worth in kata.points.values())
        table.add_row(
            f"{kata.number:02d}",
            kata.title,
            str(kata.minutes),
            ", ".join(f"{number:02d}" for number in kata.requires) or "-",
            f"{record.points} of {total}",
            record.state.value,
        )
    out().print(table)
