"""What the explorer asks of whoever puts a submission on the bench; it knows no lab, no replica and no check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from grader.wire import Recorder
    from grader.wire.proxy import Proxy


class Actor(Protocol):
    """One process: a replica with the request that it is sent in each run, or a loop that makes a round in each."""

    @property
    def name(self) -> str:
        """One capital letter."""
        ...

    @property
    def wires(self) -> Sequence[Proxy]:
        """Its ports to Postgres, Redis and the outside."""
        ...

    @property
    def asleep(self) -> bool:
        """Whether the process will do nothing before something comes from outside."""
        ...

    @property
    def quiet(self) -> bool:
        """Whether nothing that it sent is unanswered; what waits for work to come does not count in a loop."""
        ...

    @property
    def loops(self) -> bool:
        """Whether it goes on for ever, round after round: its run is one round, and later steps are none of it."""
        ...

    @property
    def halted(self) -> bool:
        """Whether a debugger has it stand still."""
        ...

    def call_when_asleep(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called when it falls asleep after `asleep` was asked for, where that can be; None ends it."""
        ...

    @property
    def single(self) -> bool:
        """Whether it is one thread, in an event loop: what it does when it is answered shows without a look at it."""
        ...

    @property
    def next_timer(self) -> float | None:
        """Seconds until the earliest timer of the submission that is kept back."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the submission's time forward, and let go off what is due by then."""
        ...

    async def kill(self) -> None:
        """End the process at once."""
        ...

    async def start(self) -> asyncio.Future[Any]:
        """Send the request, and return when it has been sent; the future is done when the answer has come.

        A loop begins its next round, and is done when it waits for the one after it.
        """
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

    async def redis_is_through(self) -> None:
        """Return when Redis has done what it was sent before, and answers no sooner than something new comes."""
        ...

    async def waits(self, process: int) -> bool:
        """Whether a server's process waits for a lock that another actor holds."""
        ...
