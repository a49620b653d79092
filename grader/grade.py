"""Submission to verdict: which checks are made, what blocks what, within which budgets, on which event loop."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from grader.checks import Check, checks_of
from grader.lab import Budget, Lab, Unusable
from grader.replica import Host, Limits, StartMethod
from grader.services import Pair, Settings, open_pair
from grader.verdict import Blocked, CheckResult, Finding, Inconclusive, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from grader.kata import Submission

T = TypeVar("T")

CHECK_SECONDS = 60.0
"""How long one check may take before it is given up as inconclusive."""


@dataclass(frozen=True)
class Options:
    """What a run was asked for.

    `start_method` is how replicas start (`fork`, `spawn`, None: what fits); `request_seconds` and `boot_seconds` are
    what a request and the start of a replica may take.
    """

    services: Settings = field(default_factory=Settings)
    start_method: StartMethod | None = None
    seed: int = 1
    request_seconds: float = 10.0
    boot_seconds: float = 15.0


class Grader:
    """Grades submissions, one after the other, on one pair of servers and one event loop in a thread of its own.

    `tell` is given one line before anything slow; `host` may have begun already, and is closed with the grader.
    Every method may be called from one other thread, and blocks it.
    """

    def __init__(self, options: Options, tell: Callable[[str], None], host: Host | None = None) -> None:
        self._options = options
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="grader", daemon=True)
        self._thread.start()
        self._host = host or Host(start_method=options.start_method)
        self._host.begin()
        self._pair: Pair | None = None
        self._lab: Lab | None = None
        self._unusable: Unusable | None = None
        self._current: Submission | None = None
        self._verdicts: dict[str, Verdict] = {}

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts so far, in the order in which their submissions were first graded."""
        return tuple(self._verdicts.values())

    def open(self, *, redis: bool) -> str:
        """Take a pair of servers and say in a line what they are; ServicesUnavailableError where none can be had."""
        self._pair = pair = self._run(open_pair(self._options.services, redis=redis, tell=self._tell))
        versions = ", ".join(f"{name} {version}" for name, version in pair.versions.items())
        return f"services: {pair.kind} ({versions}); replicas: {self._host.start_method}"

    def check(self, submission: Submission, name: str) -> CheckResult:
        """Make one check of a submission and return what came of it."""
        return self._run(self._check(submission, name))

    def close(self) -> None:
        """End every process, drop every database, give the servers back."""
        if self._thread.is_alive():
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _close(self) -> None:
        await self._leave()
        await self._host.close()
        if self._pair is not None:
            await self._pair.close()

    async def _leave(self) -> None:
        lab, self._lab, self._current, self._unusable = self._lab, None, None, None
        if lab is not None:
            await lab.close()

    async def _check(self, submission: Submission, name: str) -> CheckResult:
        check = next(c for c in checks_of(submission.kata.slug) if c.id == name)
        task, points = submission.kata.points[name]
        blank = CheckResult(check.id, check.title, task, check.kind, points, Outcome.ERROR)
        started = time.monotonic()
        result = replace(await self._outcome(submission, check, blank), seconds=time.monotonic() - started)
        key = str(submission.folder)
        assert self._pair is not None  # noqa: S101 -- open() comes before check()
        verdict = self._verdicts.get(key) or Verdict(
            key, submission.kata.name, self._pair.kind, dict(self._pair.versions), self._options.seed
        )
        self._verdicts[key] = verdict.with_result(result)
        return result

    async def _outcome(self, submission: Submission, check: Check, blank: CheckResult) -> CheckResult:
        try:
            await self._make(submission, check)
        except Finding as finding:
            return replace(blank, outcome=Outcome.FAILED, message=finding.seen, finding=finding)
        except Unusable as unusable:
            return self._blocked(unusable, blank)
        except (Blocked, Inconclusive) as reason:
            outcome = Outcome.BLOCKED if isinstance(reason, Blocked) else Outcome.INCONCLUSIVE
            return replace(blank, outcome=outcome, message=str(reason))
        except Exception:  # noqa: BLE001 -- whatever it is, it is ours, and the other checks go on
            message = traceback.format_exc()
            await self._leave()
            return replace(blank, outcome=Outcome.ERROR, message=message)
        return replace(blank, outcome=Outcome.PASSED)

    async def _make(self, submission: Submission, check: Check) -> None:
        """Make the check; what it raises is its outcome."""
        self._be_unblocked(submission, check)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                lab = await self._lab_of(submission)
                await lab.reset(f"{self._options.seed}:{check.id}")
                await check.body(lab)
        except TimeoutError as error:
            raise Inconclusive(f"gave up after {CHECK_SECONDS:g} s") from error

    def _blocked(self, unusable: Unusable, blank: CheckResult) -> CheckResult:
        """Return what the first check says of a service that does not start, and what all after it say."""
        if unusable is self._unusable:
            return replace(blank, outcome=Outcome.BLOCKED, message="the service did not start, see above")
        self._unusable = unusable
        reason = Finding("started the service", unusable.reason, "it starts", unusable.evidence, unusable.place)
        return replace(blank, outcome=Outcome.BLOCKED, message=unusable.reason, finding=reason)

    def _be_unblocked(self, submission: Submission, check: Check) -> None:
        """Raise Blocked where a check that this one needs was made and did not pass."""
        verdict = self._verdicts.get(str(submission.folder))
        made = {r.check: r.outcome for r in verdict.results} if verdict else {}
        for needed in check.needs:
            if made.get(needed, Outcome.PASSED) is not Outcome.PASSED:
                raise Blocked(f"stands on {needed}, which did not pass")

    async def _lab_of(self, submission: Submission) -> Lab:
        """Return the lab in which the submission is on the bench, putting it there in place of another."""
        if self._current is not submission:
            await self._leave()
            self._current = submission
        if self._unusable is not None:
            raise self._unusable
        if self._lab is None:
            assert self._pair is not None  # noqa: S101 -- open() comes before check()
            lab = Lab(
                submission,
                self._pair,
                self._host,
                Budget(seconds=self._options.request_seconds),
                Limits(boot_seconds=self._options.boot_seconds),
            )
            try:
                await lab.open()
            except BaseException:
                await lab.close()
                raise
            self._lab = lab
        return self._lab
