"""A lab's replicas as the explorer meets them: actors on a bench."""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from grader.lab.after import SetUp, Tables
    from grader.lab.http import Answer, Budget, Request
    from grader.lab.monitor import Monitor
    from grader.lab.process import Process
    from grader.lab.put import Put
    from grader.lab.rows import Rows
    from grader.lab.station import Station
    from grader.replica import Replica
    from grader.wire import Recorder
    from grader.wire.proxy import Proxy


class ReplicaActor(ABC):
    """What an actor is by the process that stands in its place."""

    def __init__(self, station: Station) -> None:
        self.station = station

    @property
    @abstractmethod
    def put(self) -> Put:
        """The process, and its wires."""

    @property
    def name(self) -> str:
        """The letter of its place."""
        return self.station.name

    @property
    def wires(self) -> Sequence[Proxy]:
        """Its ports to Postgres, Redis and the outside."""
        return self.put.wires

    @property
    def replica(self) -> Replica:
        """Its process."""
        return self.put.replica

    @property
    def halted(self) -> bool:
        """Whether a debugger has a thread of the process stand still."""
        return not self.put.is_over and self.put.reins.halted

    @property
    def single(self) -> bool:
        """Whether the process is one thread, in an event loop."""
        return self.put.reins.single

    @property
    def processes(self) -> Iterator[int]:
        """The Postgres server's processes behind its connections."""
        for wire in self.wires:
            yield from wire.processes

    def call_when_asleep(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called when its loop falls asleep after `asleep` was asked for; None ends it."""
        if not self.put.is_over:
            self.put.reins.call_when_asleep(callback)

    def freeze(self) -> None:
        """Have all of its timers stand still, those of libraries too."""
        if not self.put.is_over:
            self.put.reins.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        if not self.put.is_over:
            self.put.reins.thaw()

    async def kill(self) -> None:
        """End the process at once; another takes its place."""
        await self.put.replica.kill()


class LabActor(ReplicaActor):
    """One replica, and the request that it is sent in each run."""

    loops = False

    def __init__(self, station: Station, put: Put, request: Request, budget: Budget) -> None:
        super().__init__(station)
        self._put = put
        self.request = request
        """What it is sent."""
        self._budget = budget

    @property
    def put(self) -> Put:
        """The replica that it was made with, as it stood then."""
        return self._put

    @property
    def asleep(self) -> bool:
        """Whether the process will do nothing before something comes from outside; so it is once it has ended."""
        return self.put.is_over or self.put.reins.asleep

    @property
    def quiet(self) -> bool:
        """Whether nothing that it sent is unanswered."""
        return all(wire.is_idle for wire in self.wires)

    @property
    def next_timer(self) -> float | None:
        """Seconds until the earliest timer of the submission that is kept back."""
        return None if self.put.is_over else self.put.reins.next_timer

    def advance(self, seconds: float) -> None:
        """Move the submission's time forward, and let go off what is due by then."""
        self.put.reins.advance(seconds)

    async def still(self) -> None:
        """It waits for nothing but its request."""

    async def ready(self) -> None:
        """It is there as long as it is put."""

    def hold_time(self) -> None:
        """From now on keep the submission's timers back."""
        self.put.reins.hold()

    def free_time(self) -> None:
        """Let time run again."""
        if not self.put.is_over:
            self.put.reins.free()

    async def start(self) -> asyncio.Future[Answer]:
        """Send the request, and return the answer that is to come once the request has reached the replica's socket."""
        sent = asyncio.Event()
        answer = asyncio.ensure_future(self.station.post(self.request, self._budget, sent.set))
        answer.add_done_callback(lambda _: sent.set())  # not sent at all, for instance
        await sent.wait()
        return answer


class ProcessActor(ReplicaActor):
    """A background process as the explorer meets it: its run is one round."""

    loops = True
    next_timer = None
    """Nobody waits for its next round."""

    def __init__(self, process: Process) -> None:
        super().__init__(process.station)
        self.process = process

    @property
    def put(self) -> Put:
        """The process that runs now."""
        return self.process.put

    @property
    def asleep(self) -> bool:
        """Whether the process will do nothing before something comes from outside; so it is once it has ended."""
        return self.process.asleep

    @property
    def quiet(self) -> bool:
        """Whether nothing that it sent is unanswered but what blocks in Redis."""
        return all(wire.is_parked for wire in self.wires)

    def advance(self, seconds: float) -> None:
        """Its time goes on with its rounds alone."""

    def hold_time(self) -> None:
        """Its own timers are held from its start on; those of libraries stand still, so that no held step times out.

        What blocks in Redis for a while waits until its next round.
        """
        self.freeze()
        self._hold_blocking(holds=True)

    def free_time(self) -> None:
        """Its own stay held."""
        self.thaw()
        self._hold_blocking(holds=False)

    def _hold_blocking(self, *, holds: bool) -> None:
        for wire in self.put.redis:
            wire.holds_time = holds

    async def still(self) -> None:
        """Return when it waits for nothing but its next round, of which nothing passes before its run begins."""
        await self.process.still()

    async def ready(self) -> None:
        """Start it where it has ended, so that its first round is the run's; no held step of it times out either."""
        await self.process.start(held=True)
        self.hold_time()
        await self.process.told()

    async def start(self) -> asyncio.Future[None]:
        """Let its next round begin; the future is done when the round is over."""
        await self.process.begin(patient=True)
        return asyncio.ensure_future(self._over())

    async def _over(self) -> None:
        await self.process.parked(math.inf)


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
