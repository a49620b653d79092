"""The checks of one submission, made."""

from __future__ import annotations

import asyncio
import math
import time
import traceback
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from grader.checks import Check, checks_of
from grader.lab import Budget, Lab, Stop, Unusable
from grader.replica import Limits
from grader.verdict import Blocked, CheckResult, Finding, Inconclusive, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from grader.grade.options import Options
    from grader.kata import Submission
    from grader.replica import Host
    from grader.services import Pair

CHECK_SECONDS = 60.0
"""How long one check may take before it is given up as inconclusive."""
LANES = 2
"""Checks made side by side, each in a lab of its own: one keeps one core busy at a time, and most machines have two."""


class Run:
    """One submission on the bench: its checks are made in the order of the plan, and kept until they are asked for."""

    def __init__(  # noqa: PLR0913 -- what a run is made of
        self,
        submission: Submission,
        plan: Iterable[str],
        *,
        pairs: Sequence[Pair],
        host: Host,
        options: Options,
        tell: Callable[[str], None],
    ) -> None:
        self.submission = submission
        self._pairs = pairs
        self._host = host
        self._options = options
        self._tell = tell
        self._checks = {check.id: check for check in checks_of(submission.kata.slug)}
        self._results: dict[str, asyncio.Future[CheckResult]] = {}
        self._queue: deque[str] = deque()
        self._labs: list[Lab] = []
        self._closing: list[asyncio.Task[None]] = []
        self._unusable: Unusable | None = None
        self._made: asyncio.Queue[CheckResult | None] = asyncio.Queue()
        for name in plan:
            self._add(name)
        # A Redis is one for all labs on its pair: emptying it for one would empty it for the other.
        lanes = len(pairs) if "redis" in submission.kata.services else options.lanes
        self._lanes = [asyncio.create_task(self._lane(number)) for number in range(min(lanes, len(self._queue)))]

    def _add(self, name: str) -> None:
        self._results[name] = asyncio.get_running_loop().create_future()
        self._queue.append(name)

    async def result(self, name: str) -> CheckResult:
        """Return the result of a check as soon as it is made."""
        if name not in self._results:
            self._add(name)
            self._lanes.append(asyncio.create_task(self._lane(len(self._lanes))))
        return await asyncio.shield(self._results[name])

    async def made(self) -> CheckResult | None:
        """Return the results in the order in which they are made, one a call; None where the run is closed."""
        return await self._made.get()

    async def close(self) -> None:
        """Give up what is not made yet, and clear the bench."""
        for lane in self._lanes:
            lane.cancel()
        self._made.put_nowait(None)
        await asyncio.gather(*self._lanes, return_exceptions=True)
        await asyncio.gather(*self._closing, *(lab.close() for lab in self._labs))

    async def _lane(self, number: int) -> None:
        """Make checks until none is left, in one lab."""
        pair = self._pairs[number % len(self._pairs)]
        options = self._options
        debugged = options.stop_at is not None
        budget = Budget(math.inf if debugged else options.request_seconds)
        limits = Limits(boot_seconds=math.inf if debugged else options.boot_seconds)
        lab = Lab(self.submission, pair, self._host, budget, limits)
        self._labs.append(lab)
        while self._queue:
            name = self._queue.popleft()
            result = await self._outcome(lab, self._checks[name])
            if result.outcome is Outcome.ERROR:
                await lab.clear()  # its next check makes all of it anew
            self._results[name].set_result(result)
            self._made.put_nowait(result)
        self._labs.remove(lab)
        self._closing.append(asyncio.create_task(lab.close()))  # beside what others still make

    async def _outcome(self, lab: Lab, check: Check) -> CheckResult:
        task, points = self.submission.kata.points[check.id]
        blank = CheckResult(check.id, check.title, task, check.kind, points, Outcome.PASSED)
        started = time.monotonic()
        try:
            await self._make(lab, check)
            result = blank
        except Finding as finding:
            result = replace(blank, outcome=Outcome.FAILED, message=finding.seen, finding=finding)
        except Unusable as unusable:
            self._unusable = unusable
            reason = Finding("started the service", unusable.reason, "it starts", unusable.evidence, unusable.place)
            result = replace(blank, outcome=Outcome.BLOCKED, message=unusable.reason, finding=reason)
        except (Blocked, Inconclusive) as reason:
            outcome = Outcome.BLOCKED if isinstance(reason, Blocked) else Outcome.INCONCLUSIVE
            result = replace(blank, outcome=outcome, message=str(reason))
        except Exception:  # noqa: BLE001 -- whatever it is, it is ours, and the other checks go on
            result = replace(blank, outcome=Outcome.ERROR, message=traceback.format_exc())
        extent = lab.explored
        return replace(
            result,
            seconds=time.monotonic() - started,
            schedules=extent.schedules,
            classes=extent.classes,
            complete=extent.complete,
        )

    async def _make(self, lab: Lab, check: Check) -> None:
        """Make the check; what it raises is its outcome."""
        for needed in check.needs:
            if needed in self._results and (await self.result(needed)).outcome is not Outcome.PASSED:
                raise Blocked(f"stands on {needed}, which did not pass")
        if self._unusable is not None:
            raise self._unusable
        try:
            replay, stop_at = self._options.replay, self._options.stop_at
            mine = replay if replay is not None and replay.check == check.id else None
            stop = Stop(stop_at, self._tell) if mine is not None and stop_at is not None else None
            async with asyncio.timeout(None if stop else CHECK_SECONDS):
                seed = f"{self._options.seed}:{check.id}"
                await lab.reset(seed, check=check.id, title=check.title, replay=mine, stop=stop)
                await check.body(lab)
                await lab.end_check()
        except TimeoutError as error:
            raise Inconclusive(f"gave up after {CHECK_SECONDS:g} s") from error
