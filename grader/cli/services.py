"""`kata services`: the embedded servers that are warm."""

from __future__ import annotations

import asyncio

import typer

command = typer.Typer(help="Show or stop the embedded servers, which stay warm between runs.", no_args_is_help=True)


@command.command()
def status() -> None:
    """Show the embedded servers that are running."""
    from grader.services import status as ask  # noqa: PLC0415 -- `kata --help` need not pay for it

    keepers = asyncio.run(ask())
    for keeper in keepers:
        typer.echo(f"{len(keeper.pairs)} pairs of servers in {keeper.folder}")
        for pair in keeper.pairs:
            typer.echo(f"  {pair}")
    if not keepers:
        typer.echo("No embedded servers are running. The next run starts them.")


@command.command()
def stop() -> None:
    """Stop them; runs that use them end with an error."""
    from grader.services import stop as end  # noqa: PLC0415 -- likewise

    keepers = asyncio.run(end())
    for keeper in keepers:
        typer.echo(f"Stopped {len(keeper.pairs)} pairs of servers in {keeper.folder}.")
    if not keepers:
        typer.echo("No embedded servers are running.")
