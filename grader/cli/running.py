"""What verbs that grade have in common: options, jobs, and a bar that tells how far they are."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.settings import SETTINGS, SettingError, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from grader.grade import Options
    from grader.grade.many import Graded
    from grader.kata import Submission

_SERVICES = next(setting for setting in SETTINGS if setting.name == "services")

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Graded side by side; 0: one for each core.")]
Services = Annotated[
    str | None, typer.Option("--services", help=f"{_SERVICES.help} ({', '.join(_SERVICES.choices or ())}).")
]


def options_for(services: str | None) -> Options:
    """Return the grader's options, from the environment where nothing is given; Complaint where they make no sense."""
    from grader.grade import options_of  # noqa: PLC0415 -- `kata --help` need not pay for its import

    given = {} if services is None else {_SERVICES.variable: services}
    try:
        return options_of(settings_of({**os.environ, **given}))
    except SettingError as error:
        raise Complaint(str(error)) from error


def grade_all(submissions: Sequence[Submission], jobs: int, services: str | None) -> list[Graded]:
    """Grade submissions and return them in the same order; Complaint where no servers can be had.

    Standard error says what is done, and on a terminal how far it is.
    """
    from grader.grade.many import cores, grade_many  # noqa: PLC0415 -- likewise
    from grader.services import ServicesUnavailableError  # noqa: PLC0415 -- likewise

    options = options_for(services)
    if not submissions:
        return []
    jobs = max(1, min(jobs or cores(), len(submissions)))
    graded: dict[Path, Graded] = {}
    with _bar(len(submissions)) as (step, say):
        say(f"Grading {many(len(submissions), 'submission')} in {many(jobs, 'job')}.")
        try:
            for one in grade_many(submissions, options, jobs=jobs, tell=say):
                graded[one.submission.folder] = one
                step()
        except ServicesUnavailableError as error:
            raise Complaint(str(error), status=3) from error
    return [graded[submission.folder] for submission in submissions]


@contextmanager
def _bar(total: int) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """Give two functions: one moves the bar on, one says a line beside it."""
    from rich.console import Console  # noqa: PLC0415 -- likewise
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn  # noqa: PLC0415 -- likewise
    from rich.text import Text  # noqa: PLC0415 -- likewise

    console = Console(stderr=True, soft_wrap=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield partial(progress.advance, task), lambda text: console.print(Text(text))


def many(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
