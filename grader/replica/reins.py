"""Control over a replica's time, and knowing exactly when it sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import select
import socket
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from grader.replica.launcher.messages import encode
from grader.replica.launcher.page import ANSWER, BELL, LAYOUT, SIZE
from grader.replica.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable

_ANSWERS = 16
"""How many answers are read in one look: a replica that sends more has its turn to wait."""
_RING = BELL.pack(1)
_PATIENCE = 5
"""Milliseconds that a replica has to answer when its loop just slept."""


class _Seen(NamedTuple):
    """What stands on the page; the replica writes it, so it may be anything."""

    passes: int
    loop: int
    due: float
    timer: float
    attached: int


_NOTHING = _Seen(0, 0, 0.0, math.inf, 0)


def make_page() -> int:
    """Return the descriptor of a new page, a file without a name."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("page")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, SIZE)
    return descriptor


class Reins:
    """Holds back time in one replica, and sees when it sleeps. Every call is calm about a replica that has ended.

    Timers are the submission's where its code asks for them: `asyncio.sleep`, `asyncio.timeout`, `asyncio.wait_for`,
    `loop.call_later`, anyio's; those that libraries set for themselves run in real time always. `time.sleep`,
    `time.time` and the database's clock stay real.
    """

    def __init__(self, page: int, channel: socket.socket, *, debugged: bool = False) -> None:
        self._page = page
        self._channel = channel
        self._debugged = debugged
        self._threads: Threads | None = None
        self._loop = 0
        self._selector: int | None = None
        """A descriptor of what the replica's loop number `_loop` waits with."""
        self._poll = select.poll()
        self._asked = 0
        self._slept: _Seen | None = None
        """What stood on the page when it slept with no other thread and the selector could be seen."""
        self.single = False
        """Whether it was one thread, in an event loop, when it was last seen asleep."""
        self._ringing = False
        """It was asked to say when it next sleeps, and has not said so yet."""
        self._over = False
        channel.setblocking(False)  # noqa: FBT003 -- the call takes it by position only

    def follow(self, pid: int) -> None:
        """Look at the process `pid` from here on."""
        self._threads = Threads(pid)

    def call_when_asleep(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called when the loop falls asleep after `asleep` was asked for and was not so; None ends it.

        It may come too often, and where no event loop runs in the main thread, or several threads run, not at all.
        """
        if self._over:
            return
        loop = asyncio.get_running_loop()
        if callback is None:
            loop.remove_reader(self._channel.fileno())
        else:
            loop.add_reader(self._channel.fileno(), self._rung, callback)

    def _rung(self, callback: Callable[[], None]) -> None:
        self._take_answers(1)
        callback()

    def hold(self) -> None:
        """Keep back the submission's timers from now on, those too that are running."""
        self._send("hold")

    def free(self) -> None:
        """Let its timers go as real time does, which is how it begins; its time stays as far ahead as it is."""
        self._send("free")

    def fire(self) -> None:
        """Move its time to the earliest timer that is kept back, and run that with all that are due at once."""
        self._send("fire")

    def advance(self, seconds: float) -> None:
        """Move its time forward by `seconds`, and run what is due by then: so several replicas keep one time."""
        self._send("advance", seconds=max(seconds, 0.0))

    def freeze(self) -> None:
        """Have all timers that run stand still, those of libraries too, so that nothing is given up meanwhile."""
        self._send("freeze")

    def thaw(self) -> None:
        """Let them go on as if no time had passed."""
        self._send("thaw")

    @property
    def next_timer(self) -> float | None:
        """Seconds until the earliest timer kept back, of time that moves with `fire` and `advance` alone.

        None where none is kept back. True of a replica that is asleep; of one that runs it is what was true before.
        """
        timer = self._look().timer
        return timer if 0 <= timer < math.inf else None

    @property
    def wakes_in(self) -> float:
        """Seconds until its loop wakes by itself, for a timer that runs in real time; infinite where it does not."""
        return self._look().due - time.monotonic()

    @property
    def begun(self) -> bool:
        """Whether an event loop runs in its main thread."""
        return bool(self._look().loop)

    @property
    def debugger_attached(self) -> bool:
        """Whether a debugger has attached."""
        return bool(self._look().attached)

    @property
    def halted(self) -> bool:
        """Whether a debugger has a thread of it stand still; then it is not asleep."""
        return self._debugged and self._look().attached > 1

    @property
    def asleep(self) -> bool:
        """Whether nothing will happen in the replica until something comes from outside, or a timer is fired.

        Its event loop has nothing to run, nothing it listens to is ready, and every thread sleeps. Where its main
        thread is not in an event loop of its own kind, or something blocks that, every thread must have slept for a
        millisecond: then time.sleep looks like any other sleep, so ask again and again. Of a replica that a debugger
        has attached to, the loop alone can say so. Processes that the replica started are not looked at.
        """
        if self._over:
            return True
        if self._sleeps_on() or self._sleeps():
            return True
        if self._ringing:
            return False
        self._ringing = True
        with contextlib.suppress(OSError):
            os.pwrite(self._page, _RING, LAYOUT.size)
        return self._sleeps()  # it may have fallen asleep before it could see that it is to tell

    def _sleeps_on(self) -> bool:
        """Whether it has slept ever since it was last seen to: then no thread has come either."""
        slept = self._slept
        return slept is not None and not self._poll.poll(0) and self._look() == slept and time.monotonic() < slept.due

    def _sleeps(self) -> bool:
        self._slept = None
        if self._threads is None:
            return False
        seen = self._look()
        if seen.attached > 1:
            return False
        if not (seen.loop and seen.passes & 1):
            return not seen.attached and self._threads.parked()
        visible = self._knows_selector(seen.loop)
        if not visible:
            if not self._answers():
                return False
            seen = self._look()
        asleep = (
            bool(seen.passes & 1)
            and time.monotonic() < seen.due
            and ((single := self._threads.single()) or self._threads.asleep())
            and not (visible and self._poll.poll(0))
            # The same count: it has slept all the while.
            and self._look() == seen
        )
        if asleep:
            self.single = visible and single
            self._slept = seen if self.single else None
        return asleep

    def _knows_selector(self, loop: int) -> bool:
        """Whether the grader can see itself if something that the replica's loop waits for is ready."""
        if self._loop != loop:
            self._take_answers()
        return self._loop == loop

    def _answers(self) -> bool:
        """Ask the replica: it answers when its loop sleeps again, all done that was ready before the question."""
        self._asked += 1
        self._send("ping", question=self._asked)
        ready = select.poll()
        ready.register(self._channel, select.POLLIN)
        return bool(ready.poll(_PATIENCE)) and self._take_answers()

    def _take_answers(self, most: int = _ANSWERS) -> bool:
        """Take what the replica has said; whether the answer to the last question was among it."""
        answered = False
        for _ in range(most):
            try:
                data, descriptors, _, _ = socket.recv_fds(self._channel, ANSWER.size, 1)
            except OSError:
                break
            loop, question = ANSWER.unpack(data) if len(data) == ANSWER.size else (0, 0)
            if loop and descriptors:
                self._replace_selector(descriptors.pop())
                self._loop = loop
            for descriptor in descriptors:
                os.close(descriptor)
            if data and not (loop or question):
                self._ringing = False
            answered = answered or 0 < question == self._asked
            if not data:
                break
        return answered

    def _replace_selector(self, descriptor: int | None) -> None:
        if self._selector is not None:
            self._poll.unregister(self._selector)
            os.close(self._selector)
        self._selector = descriptor
        self._slept = None
        if descriptor is not None:
            self._poll.register(descriptor, select.POLLIN)

    def _send(self, kind: str, **more: float) -> None:
        try:
            self._channel.send(encode({"kind": kind} | more))
        except OSError:
            # It has ended, or never listens: then there is nothing to hold.
            return

    def _look(self) -> _Seen:
        if self._over:
            return _NOTHING
        # Read, not mapped: a file that its other owner makes shorter would end a process that has it mapped.
        data = os.pread(self._page, LAYOUT.size, 0)
        return _Seen._make(LAYOUT.unpack(data)) if len(data) == LAYOUT.size else _NOTHING

    def close(self) -> None:
        """Let go of a replica that has ended."""
        if not self._over:
            self._over = True
            self._replace_selector(None)
            self._channel.close()
            os.close(self._page)
