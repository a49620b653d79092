"""Saves in a folder, as they come: from the system's file events, and from looking where there are none."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import awatch

from grader.replica.copy import SKIPPED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DEBOUNCE_MS = 200
"""A save counts when so long no other has come: a formatter or `git checkout` writes several files."""
LOOK_MS = 1000
"""How often files are looked at, for folders whose events do not arrive: network and container mounts."""

Signature = dict[str, tuple[int, int]]


def signature(folder: Path) -> Signature:
    """Return time and size of every file that belongs to the submission; equal while nothing was saved."""
    found = {}
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in files:
            path = Path(root) / name
            if name.endswith("~"):
                continue
            try:
                status = path.stat()
            except OSError:
                continue  # it went meanwhile
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found


async def saves(folder: Path) -> AsyncIterator[None]:
    """Yield after every save in a folder; where the system gives no more events, by looking at its files."""
    known = signature(folder)
    async for _ in _moments(folder):
        now = signature(folder)
        if now != known:
            known = now
            yield


async def _moments(folder: Path) -> AsyncIterator[None]:
    """Yield when there was an event, and now and then, for ever."""
    polling = None
    while True:
        try:
            async for _ in awatch(
                folder,
                debounce=8 * DEBOUNCE_MS,
                step=DEBOUNCE_MS,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                force_polling=polling,
                poll_delay_ms=DEBOUNCE_MS,
            ):
                yield
        except OSError:
            polling = True  # no more watches can be had, or the folder is not there just now
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_MS / 1000):
                    await asyncio.Event().wait()
            yield


async def events_arrive(folder: Path, *, polling: bool, seconds: float = 3.0) -> bool:
    """Whether a file that is written into a folder is noticed within so many seconds."""

    async def first() -> None:
        async for _ in awatch(folder, debounce=100, step=20, force_polling=polling, poll_delay_ms=50):
            return

    noticed = asyncio.create_task(first())
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        while loop.time() < deadline:
            # written anew each time: watching may have begun a moment after the first
            (folder / "probe").write_text(str(loop.time()))
            done, _ = await asyncio.wait({noticed}, timeout=0.2)
            if done:
                return noticed.exception() is None
        return False
    finally:
        noticed.cancel()
        await asyncio.gather(noticed, return_exceptions=True)
