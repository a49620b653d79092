"""What becomes of the other routes when a slice is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.checks.layers_to_slices.shop import shown
from grader.checks.layers_to_slices.tour import METHOD_NOT_ALLOWED, NOT_FOUND, Tour
from grader.replica import BootError
from grader.verdict import Evidence, Finding, Place

if TYPE_CHECKING:
    from grader.lab import Apart, Lab

EMPTY = '''"""A slice that is not there."""

from fastapi import APIRouter

router = APIRouter()
'''


@dataclass(frozen=True, slots=True)
class Absence:
    """The routes that are gone without a slice, and those that are there."""

    gone: tuple[str, ...]
    kept: tuple[str, ...]


async def faults(lab: Lab) -> set[str]:
    """Return what is wrong with the whole service: the visits that fail, and the routes that leave another stock."""
    tour = Tour(lab.random)
    await lab.rows.insert(tour.tables)
    wrong = {visit.does for visit in tour.visits if visit.fault(await lab.send(visit.request)) is not None}
    return wrong | set(await tour.stock_faults(lab))


async def without(lab: Lab, slice_: str, usual: set[str]) -> Absence:
    """Visit all routes of a copy in which an empty router stands in a slice's place.

    A Finding where one is neither gone nor as before, when `usual` was wrong with the whole service.
    """
    done = f"put an empty router in the place of {slice_}"
    tour = Tour(lab.random)
    await lab.rows.insert(tour.tables)
    async with lab.apart(removed=[slice_, f"{slice_}.py"], written={f"{slice_}.py": EMPTY}) as other:
        await _start(other, done)
        gone: list[str] = []
        kept: list[str] = []
        for visit in tour.visits:
            if visit.route in gone:
                continue
            answer = await other.send(visit.request)
            if visit.route not in kept and answer.status in {NOT_FOUND, METHOD_NOT_ALLOWED}:
                gone.append(visit.route)
                continue
            if visit.route not in kept:
                kept.append(visit.route)
            if visit.does not in usual and (fault := visit.fault(answer)) is not None:
                seen = f"{visit.does} with {visit.route}: {fault}"
                raise Finding(done, seen, "the routes of the other slices work as before", shown(answer))
        for route, fault in (await tour.stock_faults(lab)).items():
            if route in kept and route not in usual:
                raise Finding(done, f"{route} was answered as before, but {fault}", "the other routes work as before")
    return Absence(tuple(gone), tuple(kept))


async def _start(other: Apart, done: str) -> None:
    try:
        await other.start()
    except BootError as error:
        evidence = (Evidence("traceback", tuple(error.traceback.splitlines())),) if error.traceback else ()
        place = Place(error.file, error.line) if error.file and error.line else None
        seen = f"the service does not start: {error.reason}"
        raise Finding(done, seen, "the service starts, and the other routes work as before", evidence, place) from error
