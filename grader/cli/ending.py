"""Ends of what a verb has started: with Ctrl-C, with a signal, or with the terminal, all is put away."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, TypeVar

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


async def _watched(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 -- asyncio.run() made it
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def end() -> None:
        if not asked.is_set():  # a second signal must not cut short what the first has begun to put away
            asked.set()
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, end)
    return await work
