"""Schedules a second, first counterexample and complete verdict, beside other programs: on the lost update.

Two transactions read one row, write it, and commit; all programs use the same server, in turns, in one run.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from grader.bench import frontrun, isolationtester
from grader.bench.figures import Figures, NotInstalledError, median
from grader.bench.ours import Explorer
from grader.grade import named_services
from grader.services import open_pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.services import Database

    Program = Callable[[], Figures]

ROUNDS = 3
OURS = "every_interleaving, HTTP and asyncpg"
OURS_TOO = "every_interleaving, HTTP and psycopg"
FASTEST = "isolationtester, row put back"
SCHEMA = "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO account VALUES (1, 0);"


def compare(programs: dict[str, Program]) -> dict[str, Figures]:
    """Run the programs in turns and return their medians; says what to install for those that are not here."""
    rounds: dict[str, list[Figures]] = {}
    for name, program in programs.items():
        try:
            rounds[name] = [program()]
        except NotInstalledError as error:
            print(f"{name}: left out. {error}")  # noqa: T201 -- a bench prints
    for _ in range(ROUNDS - 1):
        for name, figures in rounds.items():
            figures.append(programs[name]())
    return {name: median(figures) for name, figures in rounds.items()}


def show(figures: dict[str, Figures]) -> None:
    """Print the figures of each program, and how ours compare with the others'."""
    times = f"{'first counterexample':>22} {'verdict':>10} {'confirmed':>10} {'FOR UPDATE certified':>22}"
    print(f"{'':<36} {'schedules/s':>12} {times}")  # noqa: T201 -- a bench prints
    for name, each in figures.items():
        verdict = f"{_seconds(each.complete):>10} {_seconds(each.confirmed):>10}"
        times = f"{_seconds(each.counterexample):>22} {verdict} {_seconds(each.certified):>22}"
        print(f"{name:<36} {each.rate:>12.1f} {times}  {each.remark}".rstrip())  # noqa: T201 -- likewise
    ours = figures.get(OURS)
    if ours is None:
        return
    for name, other in figures.items():
        if name in {OURS, OURS_TOO}:
            continue
        ratios = [f"{ours.rate / other.rate:.2f} times its schedules a second"]
        compared = (
            ("the first counterexample", ours.counterexample, other.counterexample),
            ("the complete verdict", ours.complete, other.complete),
            ("FOR UPDATE certified", ours.certified, other.certified),
        )
        ratios += [f"{what} in {mine / its:.2f} of its time" for what, mine, its in compared if mine and its]
        mark = " (mark 1.3)" if name == FASTEST else ""
        print(f"against {name}: {', '.join(ratios)}{mark}")  # noqa: T201 -- likewise


def main() -> None:
    """Measure and print."""
    with asyncio.Runner() as runner, Explorer("asyncpg") as ours, Explorer("psycopg") as ours_too:
        pair = runner.run(open_pair(named_services(), redis=False, tell=print))
        try:
            database: Database = runner.run(pair.database(SCHEMA))
            bare: Database = runner.run(pair.database())
            print(f"lost update on PostgreSQL {pair.versions['postgres']}, medians of {ROUNDS} rounds")  # noqa: T201 -- a bench prints
            programs: dict[str, Program] = {
                OURS: ours,
                OURS_TOO: ours_too,
                FASTEST: partial(isolationtester.measure, database, isolationtester.PUT_BACK),
                "isolationtester, table made anew": partial(isolationtester.measure, bare, isolationtester.MADE_ANEW),
                "frontrun, threads": partial(frontrun.measure, database, "thread"),
                "frontrun, processes": partial(frontrun.measure, database, "process"),
            }
            show(compare(programs))
        finally:
            runner.run(pair.close())


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f} s"


if __name__ == "__main__":
    main()
