"""A replica apart from those that a lab's requests go to: of a changed copy, or traced, or both."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.explore.rest import Motion
from grader.kata import remove
from grader.lab.station import Station

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping
    from pathlib import Path

    from grader.lab.http import Answer, Budget, Request
    from grader.lab.station import Ground
    from grader.replica import Edge

SETTLING_SECONDS = 2.0
"""How long what goes on behind an answer is waited for, before the edges are read."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A replica that stands by itself, on the lab's database."""

    folder: Path
    """The copy it was made from."""
    _station: Station
    _budget: Budget

    async def start(self) -> None:
        """Wait until it serves; BootError where it does not come up."""
        await self._station.start()

    async def send(self, request: Request) -> Answer:
        """Send it a request and return its answer, as `Lab.send`."""
        return await self._station.send(request, self._budget)

    async def edges(self) -> tuple[Edge, ...]:
        """Return the calls and imports between its modules so far, once it is at rest."""
        replica = (await self._station.serving()).replica
        reins = replica.reins
        if reins is not None:
            await Motion().until(lambda: reins.asleep, SETTLING_SECONDS)
        return replica.edges()


@asynccontextmanager
async def apart(
    ground: Ground, budget: Budget, *, written: Mapping[str, str], removed: Collection[str], traced: bool
) -> AsyncIterator[Apart]:
    """Start a replica apart, and end it; its copy is without the paths `removed`, then with the texts `written`."""
    folder = ground.folder
    if written or removed:
        folder = await asyncio.to_thread(_changed, ground, written, removed)
    station = Station("apart", replace(ground, folder=folder, traced=traced))
    try:
        station.begin()
        yield Apart(folder, station, budget)
    finally:
        await station.close()
        if folder != ground.folder:
            await asyncio.to_thread(shutil.rmtree, folder)


def _changed(ground: Ground, written: Mapping[str, str], removed: Collection[str]) -> Path:
    folder = ground.host.copy(ground.folder)
    for path in removed:
        remove(folder / path)
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder
