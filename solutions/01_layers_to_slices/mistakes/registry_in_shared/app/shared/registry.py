"""What one part of the service offers to the others, by name."""

from collections.abc import Awaitable, Callable
from typing import Any

_offered: dict[str, Callable[..., Awaitable[Any]]] = {}


def offer(name: str, function: Callable[..., Awaitable[Any]]) -> None:
    """Let others use a function."""
    _offered[name] = function


def use(name: str) -> Callable[..., Awaitable[Any]]:
    """Return what is offered under a name."""
    return _offered[name]
