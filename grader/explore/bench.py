"""What the explorer asks of whoever puts a submission on the bench; it knows no lab, no replica and no check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from grader.wire import Recorder, Statement


class Wire(Protocol):
    """A port through which an actor reaches a service; see `grader.wire.proxy.Proxy`."""

    gate: Callable[[Statement], Awaitable[None]] | None
    reply_gate: Callable[[Statement], Awaitable[None]] | None
    done: Callable[[Statement], None] | None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in flight."""
        ...

    @property
    def in_transaction(self) -> int:
        """Connections on which the server holds a transaction open."""
        ...

    def process_of(self, connection: int) -> int | None:
        """Return the server's process behind a connection, where it has one of its own."""
        ...

    def status_of(self, connection: int) -> str:
        """Return the transaction status of a connection: I, T or E."""
        ...


class Actor(Protocol):
    """One replica, and the request that it is sent in each run."""

    @property
    def name(self) -> str:
        """One capital letter."""
        ...

    @property
    def wires(self) -> Sequence[Wire]:
        """Its ports to Postgres, Redis and the outside."""
        ...

    @property
    def asleep(self) -> bool:
        """Whether the process will do nothing before something comes from outside."""
        ...

    @property
    def next_timer(self) -> float | None:
        """Seconds until the earliest timer of the submission that is kept back."""
        ...

    def fire(self) -> None:
        """Let that timer go off."""
        ...

    def start(self) -> asyncio.Future[object]:
        """Send the request; the future is done when the answer has come, or will not come."""
        ...


class Bench(Protocol):
    """A submission with its actors, made ready for one run after the other."""

    @property
    def actors(self) -> Sequence[Actor]:
        """Those that take part, in the order of their names."""
        ...

    @property
    def recorder(self) -> Recorder:
        """Where all their statements are recorded."""
        ...

    async def fresh(self) -> None:
        """Put the rows back that every run begins with."""
        ...

    async def waits(self, process: int) -> bool:
        """Whether a server's process waits for a lock that another actor holds."""
        ...
