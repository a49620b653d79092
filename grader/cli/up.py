"""`kata up`: the service running for real, with a list of its statements as they happen."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.cli.code import Chosen
    from grader.cli.up_printing import Printer
    from grader.grade.serving import Service

MOST_REPLICAS = 3
LOOK_SECONDS = 0.05
"""How often is looked for statements that have been answered."""
NAMED = 3
"""Files that are named when they were saved."""
DEBOUNCE_MILLISECONDS = 200
"""What an editor may take to save several files."""


def command(
    kata: Annotated[str, typer.Argument(help="the kata's number, such as 05")],
    folder: Annotated[
        str, typer.Argument(help="reference, alternatives/NAME, mistakes/NAME or a folder; your own code if not given")
    ] = "",
    replicas: Annotated[int, typer.Option(help="how many replicas answer, in turn: 1 to 3")] = 1,
    *,
    reload: Annotated[bool, typer.Option(help="restart when a file is saved")] = True,
) -> None:
    """Run the service, and list its statements live.

    Its database, its Redis and the service outside run too, with example rows and commands for curl and psql to copy.
    """
    from grader.cli.code import chosen  # noqa: PLC0415 -- `kata --help` need not pay for it
    from grader.cli.ending import in_the_end  # noqa: PLC0415 -- likewise

    meant = chosen(kata, folder)
    if not 1 <= replicas <= MOST_REPLICAS:
        raise Complaint(f"--replicas must be 1 to {MOST_REPLICAS}, got {replicas}")
    in_the_end(_up(meant, replicas, reload=reload))


async def _up(meant: Chosen, replicas: int, *, reload: bool) -> None:
    """Serve until the person has enough."""
    from grader.cli.running import options_for  # noqa: PLC0415 -- as above
    from grader.cli.up_printing import Printer  # noqa: PLC0415 -- likewise
    from grader.grade.serving import Service  # noqa: PLC0415 -- likewise
    from grader.grade.workbench import laid_out  # noqa: PLC0415 -- likewise
    from grader.lab import Unusable  # noqa: PLC0415 -- likewise

    printer = Printer(meant.submission.kata, meant.name)
    async with laid_out(meant.submission, options_for(None), partial(typer.echo, err=True)) as lab:
        service = Service(lab, replicas, printer)
        try:
            printer.say("Starting the service …")
            try:
                await service.start()
                printer.addresses(service, reload=reload)
            except Unusable as unusable:
                if not reload:
                    raise
                printer.trouble(unusable)
            await _until_enough(service, printer, meant, reload=reload)
        finally:
            await service.close()


async def _until_enough(service: Service, printer: Printer, meant: Chosen, *, reload: bool) -> None:
    enough = asyncio.Event()
    tasks = [asyncio.create_task(_list(service, printer))]
    if reload:
        tasks.append(asyncio.create_task(_load_on_save(service, printer, meant)))
    ending = asyncio.create_task(enough.wait())
    try:
        with _keys(enough):
            await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for each in (*tasks, ending):
            each.cancel()
        await asyncio.gather(*tasks, ending, return_exceptions=True)


async def _list(service: Service, printer: Printer) -> None:
    """List what happens, for ever."""
    from grader.explore.rest import Motion  # noqa: PLC0415 -- as above
    from grader.lab import Unusable  # noqa: PLC0415 -- likewise

    motion = Motion()
    while True:
        await motion.change(LOOK_SECONDS)
        try:
            await service.look_after()
        except Unusable as unusable:
            printer.trouble(unusable)


async def _load_on_save(service: Service, printer: Printer, meant: Chosen) -> None:
    """Load the code again whenever a file of it is saved, for ever."""
    from watchfiles import awatch  # noqa: PLC0415 -- as above

    from grader.lab import Unusable  # noqa: PLC0415 -- likewise

    async for changes in awatch(*meant.submission.layers, debounce=DEBOUNCE_MILLISECONDS):
        names = sorted({Path(path).name for _, path in changes})
        printer.say(f"{', '.join(names[:NAMED])}{' …' * (len(names) > NAMED)} saved: starting again …")
        try:
            same = await service.load_again()
        except Unusable as unusable:
            printer.trouble(unusable)
            continue
        if same:
            printer.say("It serves again, on the same rows.")
        else:
            printer.addresses(service, reload=True)
            printer.say("There is a new database, with the rows of the beginning.")


@contextmanager
def _keys(enough: asyncio.Event) -> Iterator[None]:
    """Within it the key q, and the end of the input, set the event."""
    if not sys.stdin.isatty():
        yield
        return
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)

    def read() -> None:
        try:
            typed = os.read(descriptor, 64)
        except OSError:  # the terminal is gone
            typed = b""
        if not typed or b"q" in typed or b"\x04" in typed:
            loop.remove_reader(descriptor)
            enough.set()

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        try:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        except termios.error:  # likewise
            return
