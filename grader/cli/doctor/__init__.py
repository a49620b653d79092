"""`kata doctor`: whether this machine can do the katas, and for each fault the command that mends it.

Exit status 0: it can; 1: something must be mended first.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import typer

from grader.cli.terminal import out, say
from grader.settings import SettingError, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.cli.doctor.values import Diagnosis

MARKS = {"well": ("✔", "green"), "note": ("·", "yellow"), "fault": ("✘", "red")}


def command() -> None:
    """See whether this machine can do the katas; how to mend it.

    Exit status 0: it can; 1: something must be mended first. Starts a pair of servers and gives it back.
    """
    console = out()
    faults = 0
    for found in _looks():
        mark, style = MARKS[found.state]
        console.print(f"{mark} {found.name:<14}", style=style, end="")
        console.print(found.text, soft_wrap=True)
        if found.mend:
            console.print(f"  {'':<14}mend: {found.mend}", soft_wrap=True)
        faults += found.state == "fault"
    if faults:
        console.print(f"\n{faults} to mend." if faults > 1 else "\n1 thing to mend.", style="bold red")
        raise typer.Exit(1)
    console.print("\nAll is well: pytest katas/03, or kata watch 03", style="bold")


def _looks() -> Iterator[Diagnosis]:
    from grader.cli.doctor import machine, servers  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.cli.doctor.values import Diagnosis  # noqa: PLC0415 -- likewise

    yield machine.python()
    yield from machine.packages()
    yield machine.katas()
    yield machine.progress()
    yield from machine.disk()
    yield machine.ports()
    yield machine.editor()
    say("Trying file events …")
    yield asyncio.run(machine.watching())
    try:
        settings = settings_of(os.environ)
    except SettingError as error:
        yield Diagnosis("settings", "fault", str(error), f"unset {str(error).split()[0]}")
        return
    yield from servers.replicas(settings)
    yield from servers.servers(settings)
