"""Ends of what a verb has started: with Ctrl-C, with a signal, or with the terminal, all is put away."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from grader.cli import Complaint
from grader.lab import Unusable
from grader.services import ServicesUnavailableError
from grader.verdict import Evidence, Finding

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

T = TypeVar("T")

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""What ends a verb from outside, the loss of its terminal among them; Ctrl-C is a verb's own."""
FAILED, UNDECIDED = 1, 3


def in_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run what a verb does to its end, which a signal brings too; what a person can mend becomes a Complaint."""
    try:
        return asyncio.run(_watched(work))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit(0) from None
    except ServicesUnavailableError as error:
        raise Complaint(str(error), UNDECIDED) from error
    except Unusable as unusable:
        at = f", at {unusable.place}" if unusable.place else ""
        told = f"the service cannot be used: {unusable.reason}{at}"
        raise Complaint(_with(told, unusable.evidence), FAILED) from unusable
    except Finding as finding:
        told = f"the grader {finding.done}. Seen: {finding.seen}. Must hold: {finding.expected}"
        raise Complaint(_with(told, finding.evidence), FAILED) from finding


def _with(told: str, evidence: Iterable[Evidence]) -> str:
    return "\n".join([told, *(line for part in evidence for line in part.lines)])


def write_to_nobody() -> None:
    """Let what is still written go nowhere: a screen would wait for ever for a terminal that is gone."""
    with Path(os.devnull).open("w", encoding="utf-8") as nobody:
        for stream in (1, 2):
            os.dup2(nobody.fileno(), stream)


def leave_hung_up() -> NoReturn:
    """End at once, when all is put away; a screen that has lost its terminal need not be."""
    os._exit(128 + signal.SIGHUP)


async def _watched(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 -- asyncio.run() made it
    loop = asyncio.get_running_loop()
    came: set[signal.Signals] = set()

    def end(number: signal.Signals) -> None:
        if number == signal.SIGHUP:
            write_to_nobody()
        if not came:  # a second signal must not cut short what the first has begun to put away
            task.cancel()
        came.add(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, end, number)
    try:
        return await work
    finally:
        if signal.SIGHUP in came:
            leave_hung_up()
