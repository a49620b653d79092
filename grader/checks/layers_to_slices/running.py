"""What ran for each route, as a traced replica tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.checks import require
from grader.checks.layers_to_slices.parts import folder_part, is_slice, part_of
from grader.checks.layers_to_slices.shop import route_of
from grader.checks.layers_to_slices.tour import Tour

if TYPE_CHECKING:
    from grader.lab import Lab
    from grader.replica import Edge
    from grader.verdict import Place

STARTING = "while it started"


@dataclass(frozen=True, slots=True)
class Ran:
    """The calls and imports between modules while every route was visited under all of its outcomes."""

    edges: tuple[Edge, ...]

    @property
    def owners(self) -> dict[str, str]:
        """The part whose code the framework called first for each route."""
        found: dict[str, str] = {}
        for edge in self.edges:
            part = folder_part(edge.target.file)
            if edge.request and part and not any(folder_part(caller.file) for caller in edge.callers):
                found.setdefault(route_of(edge.request), part)
        return found

    def require_slices(self) -> None:
        """Require that code of a slice is what answers each route."""
        owners = self.owners
        routes = {route_of(edge.request) for edge in self.edges if edge.request}
        lost = sorted(route for route in routes if not is_slice(owners.get(route, "")))
        require(
            not lost,
            done="visited every route, and watched whose code was called for it",
            seen=f"{', '.join(lost)} is answered by no slice",
            expected="every route is answered by code of a slice",
        )

    def crossings(self) -> list[Run]:
        """Return the calls and imports by which one part reaches another, each once."""
        owners = self.owners
        found: dict[str, Run] = {}
        for edge in self.edges:
            crossing = _crossing(edge, owners)
            if crossing is not None:
                found.setdefault(crossing.path, crossing)
        return sorted(found.values(), key=lambda one: one.when == STARTING)


@dataclass(frozen=True, slots=True)
class Run:
    """How one part reached another: `when` names the route, `path` the lines that led there, `place` the first."""

    when: str
    origin: str
    target: str
    path: str
    place: Place

    def __str__(self) -> str:
        return f"{self.when}: {self.path}"


def _crossing(edge: Edge, owners: dict[str, str]) -> Run | None:
    target = folder_part(edge.target.file)
    if not target:
        return None
    route = route_of(edge.request)
    when = route or STARTING
    # Whose code led there, past what is shared and what puts the service together.
    nearest = next((n for n, caller in enumerate(edge.callers) if folder_part(caller.file)), None)
    if nearest is not None:
        origin = edge.callers[nearest]
        if folder_part(origin.file) == target:
            return None
        return Run(when, part_of(origin.file), target, _path(edge, edge.callers[: nearest + 1]), origin)
    owner = owners.get(route)
    if owner is not None and owner != target:
        return Run(when, owner, target, _path(edge, edge.callers), edge.target)
    wiring = next((caller for caller in edge.callers[:1] if not part_of(caller.file)), None)
    if not route and wiring is not None and not edge.imported:
        return Run(when, wiring.file, target, _path(edge, (wiring,)), wiring)
    return None


def _path(edge: Edge, callers: tuple[Place, ...]) -> str:
    """Return the lines that led to an edge's target, outermost first."""
    said = f"{edge.target} ({edge.function})" if edge.function else f"import of {part_of(edge.target.file)}"
    led = [str(caller) for caller in callers[::-1]] or ["the framework, or a task,"]
    return " → ".join([*led, said])


async def watch(lab: Lab) -> Ran:
    """Visit every route under all of its outcomes on a traced replica, and return what ran."""
    tour = Tour(lab.random)
    await lab.rows.insert(tour.tables)
    async with lab.apart(traced=True) as traced:
        for visit in tour.visits:
            await traced.send(visit.request)
        edges = await traced.edges()
    seen = {route_of(edge.request) for edge in edges}
    missing = sorted({visit.route for visit in tour.visits} - seen)
    require(
        not missing,
        done="watched which functions run for each route",
        seen=f"for {', '.join(missing)} none was seen",
        expected="every route runs code of the service, which leaves Python's profile function (sys.setprofile) alone",
    )
    return Ran(edges)
