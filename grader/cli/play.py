"""`kata play`: be the scheduler of a race."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.cli.running import options_for

if TYPE_CHECKING:
    from grader.cli.play_screen import Sitting
    from grader.kata import Submission

SCREEN_SECONDS = 5.0
"""What a screen is given to put its terminal in order."""


def command(
    kata: Annotated[str, typer.Argument(help="the kata's number, such as 04")],
    check: Annotated[str, typer.Option(help="the check whose race is played; ~2 after it is its second race")] = "",
    on: Annotated[
        str, typer.Option(help="reference, alternatives/NAME, mistakes/NAME or a folder; your own code if not given")
    ] = "",
) -> None:
    """Be the scheduler of two requests, step by step.

    Let them go in any order, crash them, go back, see the worst: can you break what the check says must hold?
    """
    from grader.cli.code import chosen  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.cli.ending import in_the_end  # noqa: PLC0415 -- likewise
    from grader.cli.play_screen import Sitting  # noqa: PLC0415 -- likewise
    from grader.grade.workbench import playable  # noqa: PLC0415 -- likewise

    meant = chosen(kata, on)
    number = f"{meant.submission.kata.number:02d}"
    checks = tuple(playable(meant.submission.kata))
    if not checks:
        raise Complaint(f"kata {number} has no race to play; try kata play 04")
    name, _, race = check.partition("~")
    wanted = next((one for one in checks if one.id == (name or checks[0].id)), None)
    if wanted is None or (race and not race.isdecimal()):
        raise Complaint(f"--check {check}: no such race; there are {', '.join(one.id for one in checks)}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Complaint("play needs a terminal, and this is none")
    sitting = Sitting(f"Kata {number}", meant.name, meant.path, checks, wanted, int(race or 1))
    token = in_the_end(_play(meant.submission, sitting))
    if token:
        typer.echo(f"Again: pytest {meant.path} --replay {token}")


async def _play(submission: Submission, sitting: Sitting) -> str:
    """Play until the player has enough, and return what replays the last run that broke the check."""
    from grader.cli.play_screen import PlayApp  # noqa: PLC0415 -- as above
    from grader.grade.workbench import laid_out  # noqa: PLC0415 -- likewise

    async with laid_out(submission, options_for(None), partial(typer.echo, err=True)) as lab:
        app = PlayApp(lab, sitting)
        screen = asyncio.create_task(app.run_async(mouse=False))
        try:
            await asyncio.wait({screen})  # and not the task itself: a screen may take no notice of what ends it
        finally:
            await app.end()
            screen.cancel()
            await asyncio.wait({screen}, timeout=SCREEN_SECONDS)
        screen.result()
        return app.token
