"""The `kata` command: one module a verb, each with a function `command`."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version as version_of
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

LEARNERS = (
    "doctor",
    "list",
    "next",
    "open",
    "watch",
    "play",
    "up",
    "hint",
    "reset",
    "restore",
    "solution",
    "diff",
    "progress",
    "shape",
    "services",
)
"""Verbs in the order in which `kata --help` shows them: that of a learner's day."""
INSTRUCTORS = ("grade", "export")
AUTHORS = ("dev",)
VERBS = {"For learners": LEARNERS, "For instructors": INSTRUCTORS, "For authors": AUTHORS}
"""The panels of `kata --help`, and their verbs."""

STATUSES = {
    0: "all is well",
    1: "something failed or is missing",
    2: "wrong usage",
    3: "no verdict could be reached",
    130: "interrupted with Ctrl-C, which for play and up is an end like q: 0",
}
"""What each exit status means, whatever the verb."""


class Complaint(Exception):  # noqa: N818 -- what a person did or has, not a fault of the program
    """Something that the person can mend: one line that says what is wrong, the value seen, and what to do."""

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


class _Panels(TyperGroup):
    """Shows `kata --help` in so few lines that all verbs stay on a screen of 24: panels without frames or gaps."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 -- typer keeps their types to itself
        options = " ".join(f"[{option.opts[-1]}]" for option in self.get_params(ctx))
        formatter.write_usage(ctx.command_path, f"{options} [COMMAND] [ARGS]...")
        with formatter.indentation():
            formatter.write_text(self.help)
        longest = max(len(verb) for verbs in VERBS.values() for verb in verbs)
        room = formatter.width - 4 - longest
        for panel, verbs in VERBS.items():
            commands = [(verb.ljust(longest), self.get_command(ctx, verb)) for verb in verbs]
            formatter.write_heading(panel)
            with formatter.indentation():
                formatter.write_dl([(verb, made.get_short_help_str(room)) for verb, made in commands if made])


def build() -> typer.Typer:
    """Return the command with all its verbs."""
    app = typer.Typer(
        name="kata",
        cls=_Panels,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def kata(
        context: typer.Context,
        *,
        version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    ) -> None:
        """Alone, it says where you are and what is next; COMMAND --help says more."""
        if version:
            typer.echo(f"kata {version_of('backend-katas')}")
        elif context.invoked_subcommand is None:
            from grader.cli.here import show  # noqa: PLC0415 -- the verbs need not pay for it

            show()

    for verbs in VERBS.values():
        for verb in verbs:
            module = importlib.import_module(f"grader.cli.{verb}")
            found = module.command
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=verb)
            else:
                app.command(verb)(found)
    return app


def main() -> NoReturn:
    """Run the command; what a person can mend becomes one line on stderr and an exit status."""
    from grader.kata import KataError  # noqa: PLC0415 -- together with what is below
    from grader.progress import ProgressError  # noqa: PLC0415 -- the same
    from grader.settings import SettingError  # noqa: PLC0415 -- the same

    try:
        status = build()(prog_name="kata", standalone_mode=False)
    except Complaint as complaint:
        _end(str(complaint), complaint.status)
    except TyperException as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "kata")
        text = " ".join(error.format_message().split()).rstrip(".")
        _end(f"{text}. See: {where} --help", error.exit_code)
    except (KataError, SettingError) as error:
        _end(str(error), 2)
    except ProgressError as error:
        _end(str(error), 1)
    sys.exit(status or 0)


def _end(text: str, status: int) -> NoReturn:
    typer.echo(f"kata: {text}", err=True)
    sys.exit(status)
