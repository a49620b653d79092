"""`kata services`: the embedded servers that are warm."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import typer

from grader.settings import HOME

if TYPE_CHECKING:
    from grader.services import PairStatus

command = typer.Typer(
    help="Show or stop the embedded servers that are warm.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@command.callback()
def services(context: typer.Context) -> None:
    """Show or stop the embedded servers that are warm."""
    if context.invoked_subcommand is None:
        status()


@command.command()
def status() -> None:
    """Show the embedded servers that are running."""
    from grader.services import status as ask  # noqa: PLC0415 -- `kata --help` need not pay for it

    keepers = asyncio.run(ask(HOME.default(os.environ)))
    for keeper in keepers:
        typer.echo(f"{_pairs(len(keeper.pairs))} in {keeper.folder}, kept by process {keeper.pid}")
        for number, pair in enumerate(keeper.pairs, 1):
            typer.echo(f"  {number}  {described(pair, time.time())}")
        if keeper.spare is not None:
            typer.echo(f"  and process {keeper.spare}, which makes the next run's replicas")
    if not keepers:
        typer.echo("No embedded servers are running. The next run starts them.")


@command.command()
def stop() -> None:
    """Stop them; runs that use them end with an error."""
    from grader.services import stop as end  # noqa: PLC0415 -- likewise

    typer.echo("Stopping the embedded servers …", err=True)
    keepers = asyncio.run(end(HOME.default(os.environ)))
    for keeper in keepers:
        typer.echo(f"Stopped {_pairs(len(keeper.pairs))} in {keeper.folder}.")
    if not keepers:
        typer.echo("No embedded servers are running.")


def described(pair: PairStatus, now: float) -> str:
    """Return what a pair is and does, in a line."""
    servers = f"postgres {pair.postgres or '-'}, redis {pair.redis or '-'}"
    since = f"since {time.strftime('%H:%M', time.localtime(pair.since))} ({_lasted(now - pair.since)})"
    use = "idle" if pair.leased_to is None else f"leased to process {pair.leased_to}"
    return f"{servers}, {since}, {use}"


def _pairs(count: int) -> str:
    return "1 pair of servers" if count == 1 else f"{count} pairs of servers"


def _lasted(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 -- a minute
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 -- an hour
