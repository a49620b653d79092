"""What the keepers of a home have running, and how to end it."""

from __future__ import annotations

import asyncio
import fcntl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.services import home as homes
from grader.services.keeper import client, leftovers

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PairStatus:
    """One pair: process numbers (None: not running), start as seconds since the epoch, process that leases it."""

    postgres: int | None
    redis: int | None
    since: float
    leased_to: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """One keeper and its pairs; `spare` is the process that it has ready for the run that asks next."""

    folder: Path
    pid: int
    since: float
    pairs: tuple[PairStatus, ...]
    spare: int | None


async def status(home: Path | None = None) -> list[Status]:
    """List the keepers that run below a home (the user's default one), without starting any."""
    found = []
    for place in homes.existing(home or homes.default_folder()):
        answer = await client.ask(place, "status")
        if answer is not None:
            told = answer["status"]
            pairs = tuple(PairStatus(**pair) for pair in told["pairs"])
            found.append(
                Status(folder=place.folder, pid=told["pid"], since=told["since"], pairs=pairs, spare=told["spare"])
            )
    return found


async def prepared(home: Path | None = None) -> None:
    """Wait until the keepers below a home have ready what they keep for the next run."""
    for place in homes.existing(home or homes.default_folder()):
        await client.ask(place, "prepared")


async def stop(home: Path | None = None) -> list[Status]:
    """End all that runs below a home, leased or left by a killed keeper, and return what ran."""
    ran = await status(home)
    for place in homes.existing(home or homes.default_folder()):
        await client.ask(place, "stop")
        await asyncio.to_thread(_sweep, place)
    return ran


def _sweep(place: homes.Home) -> None:
    with place.start_lock.open("w") as starting, place.lock.open("w") as lock:
        # While these are held no keeper runs and none starts.
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.pairs.is_dir():
            for folder in place.pairs.iterdir():
                leftovers.clear_folder(folder, wait=False)
            place.forget_pairs()
        place.forget_socket()
