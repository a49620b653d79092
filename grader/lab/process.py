"""The submission's background processes: started, stepped round by round, stopped and killed as a supervisor would."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grader.explore.rest import Motion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from grader.lab.put import Put
    from grader.lab.station import Station
    from grader.replica import Exit
    from grader.wire import Fail, Gate, Statement
    from grader.wire.proxy import Proxy

ROUND_SECONDS = 10.0
"""What a round may take."""
BOOT_SECONDS = 15.0
"""What a process may take until its event loop runs, or until it speaks to a server."""
STILL_SECONDS = 0.1
"""How long one that blocks in Redis is waited for, so that every schedule begins alike; to start another costs more."""
TOLD_SECONDS = 0.02
"""What a notification takes at most."""
SOON = 0.02
"""Who wakes within so many seconds is not asleep yet."""
WAKING_SECONDS = 1.0
"""How long one is waited for that wakes by itself: from `time.sleep`, or from a command that blocks in Redis."""
LOOKS = 6
"""Looks at the sockets after which a connection that was asked for is accepted, and what came over it is read."""
MOST_TIMERS = 10
"""Timers that are let go off until a round sends something."""


class Process:
    """One background process, `python -m MODULE`. Nothing of it happens but in a round.

    A round begins when the timer goes off that it waits for, and ends when it is parked: asleep, nothing that it sent
    unanswered but what blocks in Redis, its timers kept back. Its first round begins with its start. Between rounds its
    time stands still, and what it would send by itself, such as after a notification, waits at its gates.
    """

    def __init__(
        self,
        title: str,
        station: Station,
        *,
        ask_redis: Callable[..., Awaitable[Any]],
        ended: Callable[[Iterable[int]], Awaitable[None]],
    ) -> None:
        self.title = title
        """As a learner is told of it: `relay R`."""
        self.station = station
        self.elapsed = 0.0
        """Seconds of its time that have passed: those that it slept, or waited without a timer of its own."""
        self._ask_redis = ask_redis
        self._ended = ended
        self._put: Put | None = None
        self._open = asyncio.Event()
        self._standing = 0
        """Steps that wait for the next round."""
        self._refuses: Callable[[Statement], Fail | None] = lambda _: None
        station.attend = self._attend

    @property
    def name(self) -> str:
        """One letter, which names its steps."""
        return self.station.name

    def __str__(self) -> str:
        return self.title

    def log(self) -> str:
        """Return what it printed since it was started last."""
        return self._put.replica.log() if self._put is not None else ""

    # as a supervisor does

    async def start(self, *, held: bool = False) -> Put:
        """Start it unless it runs, and return when its first round is over, or, `held`, is about to begin."""
        starts = self._put is None or self._put.is_over
        if starts:
            (self._open.clear if held else self._open.set)()
        put = await self.station.serving()
        if starts or put is not self._put:
            self._put = put
            reins = put.reins
            await Motion().until(lambda: reins.begun or bool(put.traffic) or put.is_over, BOOT_SECONDS)
            if held:
                motion = Motion()
                while await motion.until(lambda: bool(self._standing) or _at_rest(put), ROUND_SECONDS):
                    if self._standing or await _stays(put, motion):
                        break
            else:
                self._open.set()
                await self.parked()
        return put

    @property
    def put(self) -> Put:
        """The process with its wires; it was started."""
        assert self._put is not None  # noqa: S101 -- as the docstring says
        return self._put

    @property
    def asleep(self) -> bool:
        """Whether it does nothing before something comes from outside, and no library's timer is about to wake it."""
        return _sleeps(self.put)

    async def stop(self) -> Exit:
        """Ask it to stop in order (SIGTERM); it is killed where it does not."""
        put = await self.start()
        self._attend(put.wires)
        for wire in put.redis:
            wire.holds_time = False
        await self._time_out(put)
        self._open.set()
        return await put.replica.stop()

    async def kill(self) -> None:
        """End it at once; return when the servers have let go of what it held. The next round starts it again."""
        if self._put is None:
            return
        processes = [process for wire in self._put.wires for process in wire.processes]
        await self._put.replica.kill()
        await self._ended(processes)

    def leave(self) -> None:
        """End it in the background, if it runs."""
        self._put = None
        self.elapsed = 0.0
        self.station.leave()

    # rounds

    async def round(self, *, patient: bool = False) -> None:
        """Let it make one round, and return when that is over; one that has exited is started again.

        For `patient` see `begin`.
        """
        if self._put is not None and not self._put.is_over:
            self._attend(self._put.wires)
            await self.begin(patient=patient)
            await self.parked()
        else:
            await self.start()
        self._open.clear()

    async def begin(self, *, patient: bool = False) -> bool:
        """Let its next round begin, and return when it has sent something; False where no timer of it leads there.

        What blocks in Redis for a while counts as a timer. One that none wakes, since it waits in Redis without end or
        in `time.sleep`, is waited for if the caller is `patient`.
        """
        put = await self.start()
        before, begun = put.traffic, bool(self._standing)
        self._open.set()
        for _ in range(MOST_TIMERS):
            # Not asleep is not yet at work: libraries have timers of their own.
            if begun or not await self._sleeps_on(put, before):
                return True
            timer = put.reins.next_timer
            if await self._time_out(put, timer):
                continue
            if timer is None:
                break
            put.reins.advance(timer)
            self.elapsed += timer
        return not await self._sleeps_on(put, before) or (patient and await self._wakes(put, before))

    async def _time_out(self, put: Put, before: float | None = None) -> bool:
        """End what blocks in Redis for a while, if no timer is due `before` that; return whether something was."""
        blocked = min((one for wire in put.redis for one in wire.blocked), key=lambda one: one.seconds, default=None)
        if blocked is None or (before is not None and before < blocked.seconds):
            return False
        self.elapsed += blocked.seconds
        traffic = put.traffic
        await self._ask_redis("CLIENT", "UNBLOCK", str(blocked.client), "TIMEOUT")
        await Motion().until(lambda: put.traffic != traffic or put.is_over, ROUND_SECONDS)  # it is answered now
        return True

    @staticmethod
    async def _sleeps_on(put: Put, traffic: int) -> bool:
        """Return True when it sleeps, False as soon as it has sent something, or has ended."""
        motion = Motion()
        while await motion.until(lambda: put.traffic != traffic or _at_rest(put), ROUND_SECONDS):
            if put.traffic != traffic or await _stays(put, motion):
                break
        return put.traffic == traffic and not put.is_over

    async def _wakes(self, put: Put, traffic: int) -> bool:
        """Wait for one that no timer wakes; its time is the real one. False where it sleeps on."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await Motion().until(lambda: put.traffic != traffic or put.is_over, WAKING_SECONDS)
        self.elapsed += loop.time() - began
        return put.traffic != traffic

    async def parked(self, seconds: float = ROUND_SECONDS) -> bool:
        """Return when its round is over; False where it is not in time."""
        put, motion = self.put, Motion()
        while await motion.until(lambda: _at_rest(put), seconds):
            if not all(wire.is_idle for wire in put.wires) and not put.is_over:
                await self._ask_redis("PING")  # who has been answered after it blocks: Redis does one thing at a time
            if await _stays(put, motion):
                return True
        return False

    # its gates

    def _attend(self, wires: Sequence[Proxy]) -> None:
        """Stand at its gates: steps wait there while no round is under way, and what is refused fails."""
        for wire in wires:
            wire.gate = self._gate(wire)

    async def still(self) -> None:
        """Shut its gates, and return when it waits for nothing but the next round.

        A round that is under way ends before, and what blocks in Redis for a while times out. A process that goes on
        waiting there is ended.
        """
        if self._open.is_set():
            await self.parked()
        self._open.clear()
        self._attend(self.put.wires)
        put = self.put
        await self._time_out(put)

        def still() -> bool:
            return put.is_over or bool(self._standing) or all(wire.is_idle for wire in put.wires)

        if not await Motion().until(still, STILL_SECONDS):
            await self.kill()

    async def told(self) -> None:
        """Return when one that listens for notifications has heard of what was done, if it is to hear of it."""
        put = self.put
        if any(wire.recorder.listens(self.name) for wire in put.wires):
            await Motion().until(lambda: bool(self._standing) or put.is_over, TOLD_SECONDS)

    def refuse(self, refuses: Callable[[Statement], Fail | None] | None) -> None:
        """Have commands of Redis fail as `refuses` says, from now on and after a new start too; None ends it."""
        self._refuses = refuses or (lambda _: None)

    def _gate(self, wire: Proxy) -> Gate:
        async def gate(statement: Statement) -> None:
            self._standing += 1
            try:
                await self._open.wait()
            finally:
                self._standing -= 1
            following = wire.gate
            if following is not None and following is not gate:  # whoever explores has taken its place meanwhile
                await following(statement)
            elif statement.service == "redis" and (fail := self._refuses(statement)) is not None:
                raise fail

        return gate


def _at_rest(put: Put) -> bool:
    return put.is_over or (_sleeps(put) and all(wire.is_parked for wire in put.wires))


def _sleeps(put: Put) -> bool:
    return put.is_over or (put.reins.asleep and not 0 <= put.reins.wakes_in < SOON)


async def _stays(put: Put, motion: Motion) -> bool:
    """Whether one that is at rest is so still when all that it sent is known, on new connections too."""
    traffic = put.traffic
    if not _at_rest(put):  # it was, but an answer may have come since: what it does of that is yet to be sent
        return False
    for _ in range(LOOKS):
        await motion.look_round()
    return traffic == put.traffic and _at_rest(put)
