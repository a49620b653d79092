"""A lab's replicas as the explorer meets them: actors on a bench."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from grader.lab.after import SetUp, Tables
    from grader.lab.http import Answer, Budget, Request
    from grader.lab.monitor import Monitor
    from grader.lab.process import ProcessActor
    from grader.lab.rows import Rows
    from grader.lab.station import Put, Station
    from grader.replica import Reins, Replica
    from grader.wire import Recorder
    from grader.wire.proxy import Proxy


class LabActor:
    """One replica, and the request that it is sent in each run."""

    loops = False

    def __init__(self, station: Station, put: Put, request: Request, budget: Budget) -> None:
        self.station = station
        self._put = put
        self._request = request
        self._budget = budget

    @property
    def name(self) -> str:
        """The replica's name."""
        return self.station.name

    @property
    def request(self) -> Request:
        """What it is sent."""
        return self._request

    @property
    def wires(self) -> Sequence[Proxy]:
        """Its ports to Postgres, Redis and the outside."""
        return self._put.wires

    @property
    def replica(self) -> Replica:
        """Its process."""
        return self._put.replica

    @property
    def _reins(self) -> Reins:
        reins = self._put.replica.reins
        assert reins is not None  # noqa: S101 -- every replica of a station is controlled
        return reins

    @property
    def asleep(self) -> bool:
        """Whether the process will do nothing before something comes from outside; so it is once it has ended."""
        return self._put.replica.exited is not None or self._reins.asleep

    @property
    def quiet(self) -> bool:
        """Whether nothing that it sent is unanswered."""
        return all(wire.is_idle for wire in self.wires)

    @property
    def halted(self) -> bool:
        """Whether a debugger has a thread of the process stand still."""
        return self._put.replica.exited is None and self._reins.halted

    def call_when_asleep(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called when the replica's loop falls asleep after `asleep` was asked for; None ends it."""
        if self._put.replica.exited is None:
            self._reins.call_when_asleep(callback)

    @property
    def single(self) -> bool:
        """Whether the process is one thread, in an event loop."""
        return self._reins.single

    @property
    def next_timer(self) -> float | None:
        """Seconds until the earliest timer of the submission that is kept back."""
        return None if self._put.replica.exited is not None else self._reins.next_timer

    @property
    def processes(self) -> Iterator[int]:
        """The Postgres server's processes behind its connections."""
        for wire in self.wires:
            yield from wire.processes

    def advance(self, seconds: float) -> None:
        """Move the submission's time forward, and let go off what is due by then."""
        self._reins.advance(seconds)

    def freeze(self) -> None:
        """Have all of its timers stand still, those of libraries too."""
        if self._put.replica.exited is None:
            self._reins.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        if self._put.replica.exited is None:
            self._reins.thaw()

    async def still(self) -> None:
        """It waits for nothing but its request."""

    async def ready(self) -> None:
        """It is there as long as it is put."""

    def hold_time(self) -> None:
        """From now on keep the submission's timers back."""
        self._reins.hold()

    def free_time(self) -> None:
        """Let time run again."""
        if self._put.replica.exited is None:
            self._reins.free()

    async def start(self) -> asyncio.Future[Answer]:
        """Send the request, and return the answer that is to come once the request has reached the replica's socket."""
        sent = asyncio.Event()
        answer = asyncio.ensure_future(self.station.post(self._request, self._budget, sent.set))
        answer.add_done_callback(lambda _: sent.set())  # not sent at all, for instance
        await sent.wait()
        return answer

    async def kill(self) -> None:
        """End the process at once; another takes its place."""
        await self._put.replica.kill()


class LabBench:
    """The replicas of a lab, made ready for one run after the other."""

    def __init__(  # noqa: PLR0913 -- what a bench is made of
        self,
        actors: Sequence[LabActor | ProcessActor],
        *,
        recorder: Recorder,
        rows: Rows,
        given: Tables,
        monitor: Monitor,
        prepare: Callable[[], Awaitable[None]],
        set_up: SetUp | None = None,
        ask_redis: Callable[..., Awaitable[Any]] | None = None,
    ) -> None:
        self.actors = actors
        self.recorder = recorder
        self._rows = rows
        self._given = given
        self._renewal = rows.renewal(given)
        self._monitor = monitor
        self._prepare = prepare
        self._set_up = set_up
        self._ask_redis = ask_redis

    def free_time(self) -> None:
        """Let the time of all replicas run again."""
        for actor in self.actors:
            actor.free_time()

    async def fresh(self) -> None:
        """Cut what an earlier run left with locks in a transaction, and put the rows of every run back."""
        for actor in self.actors:
            await actor.still()
            if any(wire.in_transaction for wire in actor.wires) and await self._monitor.holding(actor.processes):
                for wire in actor.wires:
                    wire.end_transactions()
        await self._rows.renew(self._renewal, self._given)
        await self._prepare()
        if self._set_up is not None:
            await self._set_up()
        for actor in self.actors:
            await actor.ready()

    async def redis_is_through(self) -> None:
        """Return when Redis has done what it was sent before: it does one thing at a time."""
        if self._ask_redis is not None:
            await self._ask_redis("PING")

    async def waits(self, process: int) -> bool:
        """Whether a server's process waits for a lock that another of the bench holds."""
        return await self._monitor.waits(process, (one for actor in self.actors for one in actor.processes))
