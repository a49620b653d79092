"""The event loop of a controlled replica: it says when it sleeps, and the submission's timers can be kept back."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar, TypeVarTuple
from weakref import WeakSet

from . import clock

if TYPE_CHECKING:
    import selectors
    from collections import deque
    from collections.abc import Callable
    from contextvars import Context
    from types import FrameType

    from .control import Control

_GRAIN = 0.01
"""To which a delay is rounded up that is given as a moment: some of it has passed since it was named, by chance."""
_SHORTEST = 0.001
_FOREVER = 1e8
"""Three years: who waits so long, or for an infinite time, waits for something else."""
_PLACES = 6
"""Decimal places of a deadline: what is set at one moment for one delay is due together."""

Arguments = TypeVarTuple("Arguments")

_numbers = itertools.count(1)


class Timer(asyncio.TimerHandle):
    """A timer of the submission's."""

    __slots__ = ("due",)

    _loop: Loop
    _scheduled: bool
    due: float
    """When it is kept back: its deadline in `Control.elapsed`."""

    def cancel(self) -> None:
        """Cancel it; the loop forgets one that it keeps back."""
        self._loop.kept.pop(id(self), None)
        super().cancel()

    def give_to(self, schedule: list[asyncio.TimerHandle] | None) -> None:
        """Put it into the loop's schedule, or take note that it was taken out."""
        self._scheduled = schedule is not None
        if schedule is not None:
            heapq.heappush(schedule, self)


class Loop(asyncio.SelectorEventLoop):
    """Is under control while it runs in the main thread; elsewhere it is as any other."""

    control: ClassVar[Control]
    _selector: selectors.BaseSelector
    _scheduled: list[asyncio.TimerHandle]
    _ready: deque[asyncio.Handle]

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        super().__init__(selector)
        self.number = next(_numbers)
        self.kept: dict[int, Timer] = {}
        """Timers that are kept back, by id, in the order in which they were set."""
        self._frozen: list[asyncio.TimerHandle] = []
        self._frozen_since = 0.0
        self._still = False
        """No timer runs, nor does one that a library sets now."""
        self._their_tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    @property
    def selector(self) -> selectors.BaseSelector:
        """What it waits with."""
        return self._selector

    def run_forever(self) -> None:
        """Run until stopped, under control if this is the main thread."""
        nested = asyncio._get_running_loop() is not None  # noqa: SLF001 -- exported by asyncio for those who make loops
        if nested or threading.current_thread() is not threading.main_thread():
            super().run_forever()
            return
        # Found once: what follows runs at every turn of the loop.
        select, control, page, kept, real = (
            self._selector.select,
            self.control,
            self.control.page,
            self.kept,
            clock.real,
        )

        def note_and_select(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is not None and timeout <= 0:
                return select(timeout)
            page.sleep(math.inf if timeout is None else real() + timeout, self.next_timer() if kept else None)
            control.answer()
            try:
                return select(timeout)
            finally:
                page.wake()

        self._selector.select = note_and_select  # type: ignore[method-assign]  # of this one selector, whichever it is
        control.enter(self)
        try:
            super().run_forever()
        finally:
            control.leave()
            self._selector.select = select  # type: ignore[method-assign]

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:  # noqa: ANN401 -- passes all on
        """Make a task, and remember if it is made for the submission."""
        task = super().create_task(coro, **options)
        if self._is_theirs(sys._getframe(1)):  # noqa: SLF001 -- the documented way to frames
            self._their_tasks.add(task)
        return task

    def call_at(
        self, when: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Set a timer, which is kept back if it is the submission's and the grader holds them."""
        delay = when - self.time()
        if not 0 < delay < _FOREVER or not self._is_theirs(sys._getframe(1)):  # noqa: SLF001 -- the documented way to frames
            timer = super().call_at(when, callback, *args, context=context)
            if self._still and delay > 0:
                self._scheduled = [other for other in self._scheduled if other is not timer]
                heapq.heapify(self._scheduled)
                timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001 -- as where asyncio takes it out
                self._frozen.append(timer)
            return timer
        self._check_closed()  # type: ignore[attr-defined]  # as asyncio does
        timer = Timer(when, callback, args, self, context)
        if self.control.held and self.control.loop is self:
            self._keep(timer, _rounded(delay))
        else:
            timer.give_to(self._scheduled)
        return timer

    def call_later(
        self, delay: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Set a timer as `call_at` does, for a delay that is known exactly."""
        timer = super().call_later(delay, callback, *args, context=context)
        if isinstance(timer, Timer) and id(timer) in self.kept:
            self._keep(timer, max(delay, _SHORTEST))
        return timer

    def _is_theirs(self, frame: FrameType | None) -> bool:
        known = self.control.origin.is_theirs(frame)
        return asyncio.current_task(self) in self._their_tasks if known is None else known

    def _keep(self, timer: Timer, delay: float) -> None:
        # Not from `loop.time()`, which real work moves: what is due first must not depend on how long that takes.
        timer.due = round(self.control.elapsed + delay, _PLACES)
        self.kept[id(timer)] = timer

    def hold(self) -> None:
        """Keep back the submission's timers, those that are running too."""
        running = sorted(t for t in self._scheduled if isinstance(t, Timer) and not t.cancelled())
        self._scheduled = [t for t in self._scheduled if not isinstance(t, Timer) or t.cancelled()]
        heapq.heapify(self._scheduled)
        for timer in running:
            timer.give_to(None)
            self._keep(timer, _rounded(timer.when() - self.time()))

    def free(self) -> None:
        """Let the timers that are kept back go on in real time."""
        for timer in self.kept.values():
            timer.give_to(self._scheduled)
        self.kept.clear()

    def next_timer(self) -> float | None:
        """Return the seconds until the earliest timer that is kept back, or None."""
        if not self.kept:
            return None
        return round(min(timer.due for timer in self.kept.values()) - self.control.elapsed, _PLACES)

    def advance(self, seconds: float) -> None:
        """Move the submission's time forward and run what is due then, earliest first."""
        control = self.control
        control.elapsed = round(control.elapsed + seconds, _PLACES)
        due = sorted((t for t in self.kept.values() if t.due <= control.elapsed), key=lambda timer: timer.due)
        ahead = max([seconds, *(timer.when() - self.time() for timer in due)])
        control.clock.advance(ahead)
        self.postpone(ahead)  # timers of others stand where they stood in real time
        for timer in due:
            del self.kept[id(timer)]
            self._ready.append(timer)

    def postpone(self, seconds: float) -> None:
        """Move all timers that run in real time to so much later."""
        for timer in self._scheduled:
            timer._when += seconds  # type: ignore[attr-defined]  # noqa: SLF001 -- asyncio cannot move a timer

    def freeze(self) -> None:
        """Let no timer run from here on that runs now, whoever set it, nor one that a library sets meanwhile."""
        self.thaw()
        self._still = True
        self._frozen, self._scheduled = self._scheduled, []
        self._frozen_since = clock.real()

    def thaw(self) -> None:
        """Let them run again, as if no time had passed."""
        self._still = False
        if self._frozen:
            for timer in self._frozen:
                timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 -- as where asyncio puts it in
            self._frozen = [timer for timer in self._frozen if not timer.cancelled()]
            heapq.heapify(self._frozen)
            new, self._scheduled, self._frozen = self._scheduled, self._frozen, []
            self.postpone(clock.real() - self._frozen_since)
            for timer in new:
                heapq.heappush(self._scheduled, timer)


def _rounded(delay: float) -> float:
    """Return a delay that was measured as it was probably meant."""
    return max(math.ceil(delay / _GRAIN - 1e-4), 1) * _GRAIN
