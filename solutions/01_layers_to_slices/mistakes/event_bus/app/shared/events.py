"""What happens, told to whoever wants to know."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

Listener = Callable[..., Awaitable[Any]]

_listeners: dict[str, list[Listener]] = defaultdict(list)


def listen(event: str, listener: Listener) -> None:
    """Have a function called with what belongs to an event."""
    _listeners[event].append(listener)


async def publish(event: str, *given: object) -> None:
    """Tell all who listen, one after the other."""
    for listener in _listeners[event]:
        await listener(*given)
