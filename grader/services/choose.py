"""Which kind of servers a run gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.services.values import ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.services.values import Pair, Settings


async def open_pair(settings: Settings, *, redis: bool, tell: Callable[[str], None]) -> Pair:
    """Get a pair of servers for this run alone.

    `tell` gets one line before anything slow. Raises ServicesUnavailableError.
    """
    # Imported here, since a keeper needs this package's light modules only.
    from grader.services import containers, embedded, external  # noqa: PLC0415

    match settings.choice:
        case "embedded":
            return await embedded.open_embedded(settings, redis=redis, tell=tell)
        case "containers":
            return await containers.open_containers(settings, redis=redis, tell=tell)
        case "external":
            return await external.open_external(settings, redis=redis, tell=tell)
        case "auto":
            pass
        case other:
            message = f"There is no choice of services named {other!r}: auto, embedded, containers or external."
            raise ServicesUnavailableError(message)
    try:
        return await embedded.open_embedded(settings, redis=redis, tell=tell)
    except ServicesUnavailableError as error:
        without_embedded = error
    try:
        return await containers.open_containers(settings, redis=redis, tell=tell)
    except ServicesUnavailableError as error:
        message = (
            "There is no Postgres to be had.\n"
            f"  embedded: {without_embedded}\n"
            f"  containers: {error}\n"
            "One of the two is enough."
        )
        raise ServicesUnavailableError(message) from error


async def containers_ready(settings: Settings) -> str:
    """Say what containers would be made of, and start none; raises ServicesUnavailableError."""
    from grader.services import containers  # noqa: PLC0415 -- likewise

    return await containers.ready(settings)
