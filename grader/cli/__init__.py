"""The `kata` command: one module a verb, each with a function `command`.

Exit codes: 0 all is well, 1 something failed or is missing, 2 wrong usage, 3 no verdict could be reached.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import typer

LEARNERS = ("play", "up", "services", "shape")
"""Verbs in the order in which `kata --help` shows them."""
INSTRUCTORS = ("grade", "export")
AUTHORS = ("dev",)
VERBS = {"For learners": LEARNERS, "For instructors": INSTRUCTORS, "For authors": AUTHORS}
"""The panels of `kata --help`, and their verbs."""


class Complaint(Exception):  # noqa: N818 -- what a person did or has, not a fault of the program
    """Something that the person can mend: one line that says what is wrong, the value seen, and what to do."""

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


def build() -> typer.Typer:
    """Return the command with all its verbs."""
    app = typer.Typer(
        name="kata", no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )

    @app.callback()
    def kata() -> None:
        """Backend Katas: grade, look, play."""

    for panel, verbs in VERBS.items():
        for verb in verbs:
            module = importlib.import_module(f"grader.cli.{verb}")
            found = module.command
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=verb, rich_help_panel=panel)
            else:
                app.command(verb, rich_help_panel=panel)(found)
    return app


def main() -> NoReturn:
    """Run the command; a Complaint becomes one line on stderr and its exit status."""
    try:
        build()(prog_name="kata")
    except Complaint as complaint:
        typer.echo(f"kata: {complaint}", err=True)
        sys.exit(complaint.status)
    sys.exit(0)
