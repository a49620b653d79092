"""Submission to verdict: which checks are made, what blocks what, within which budgets, on which event loop."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from grader.checks import checks_of
from grader.grade.options import Options, named_services, options_of
from grader.grade.run import Run
from grader.replica import Host
from grader.services import Pair, open_pair
from grader.verdict import CheckResult, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
    from pathlib import Path

    from grader.explore.token import Token
    from grader.kata import Submission

__all__ = ["Grader", "Options", "named_services", "options_of"]

T = TypeVar("T")


class Grader:
    """Grades submissions one after the other, on a pair of servers or two, and on an event loop in its own thread.

    `tell` is given text before anything slow, from another thread; `host` may have begun already, and is closed with
    the grader.
    Every method may be called from one other thread, and blocks it; `give_up` from any.
    """

    def __init__(self, options: Options, tell: Callable[[str], None], host: Host | None = None) -> None:
        self._options = options
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="grader", daemon=True)
        self._thread.start()
        self._host = host or Host(start_method=options.start_method, services=options.services)
        self._host.begin()
        self._pairs: list[Pair] = []
        self._planned: dict[Path, list[str]] = {}
        self._run: Run | None = None
        self._verdicts: dict[str, Verdict] = {}

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts so far, in the order in which their submissions were first graded."""
        return tuple(self._verdicts.values())

    @property
    def services(self) -> str:
        """What the checks run on, in a line; empty before `open`."""
        if not self._pairs:
            return ""
        pair = self._pairs[0]
        versions = ", ".join(f"{name} {version}" for name, version in pair.versions.items())
        return f"services: {pair.kind} ({versions}); replicas: {self._host.start_method}"

    def open(self, *, redis: bool) -> None:
        """Take a pair of servers; ServicesUnavailableError where none can be had."""
        self._wait(self._open(redis=redis))

    async def _open(self, *, redis: bool) -> None:
        pair = await open_pair(self._options.services, redis=redis, tell=self._tell)
        self._pairs.append(pair)
        # a Redis is emptied as a whole, so that each lane needs its own; only embedded servers cost little enough
        side_by_side = self._options.lanes > 1 and any(len(names) > 1 for names in self._planned.values())
        if redis and pair.kind == "embedded" and side_by_side:
            self._pairs.append(await open_pair(self._options.services, redis=True, tell=self._tell))

    def plan(self, checks: Iterable[tuple[Submission, str]]) -> None:
        """Say which checks will be asked for, in which order, so that the next can be made before it is asked for."""
        for submission, name in checks:
            self._planned.setdefault(submission.folder, []).append(name)

    def check(self, submission: Submission, name: str) -> CheckResult:
        """Make one check of a submission and return what came of it."""
        return self._wait(self._check(submission, name))

    def grade(self, submission: Submission, *, redis: bool) -> Verdict:
        """Make all checks of a submission; the first takes servers, with a Redis where a later one will need it."""
        names = [check.id for check in checks_of(submission.kata.slug)]
        self.plan((submission, name) for name in names)
        if not self._pairs:
            self.open(redis=redis)
        for name in names:
            self.check(submission, name)
        return self._verdicts[str(submission.folder)]

    def grade_again(
        self, submission: Submission, names: Sequence[str], *, replay: Token | None = None
    ) -> Iterator[CheckResult]:
        """Make checks of a submission on its files as they are now; yield what is made, and end early on `give_up`.

        What was known of it is forgotten. The run has begun when this returns. With `replay` the check that the token
        names tries nothing but that schedule or crash.
        """
        run = self._wait(self._begin_again(submission, names, replay))
        return self._results(run, len(names))

    def _results(self, run: Run, count: int) -> Iterator[CheckResult]:
        for _ in range(count):
            result = self._wait(self._made(run))
            if result is None:
                return
            yield result

    def give_up(self) -> None:
        """End the run that is under way, if there is one, with all its processes; servers are kept."""
        self._wait(self._end_run())

    def close(self) -> None:
        """End every process, drop every database, give the servers back."""
        if self._thread.is_alive():
            self._wait(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _close(self) -> None:
        await self._end_run()
        await self._host.close()
        for pair in self._pairs:
            await pair.close()

    async def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            await run.close()

    async def _begin_again(self, submission: Submission, names: Iterable[str], replay: Token | None) -> Run:
        await self._end_run()
        self._verdicts.pop(str(submission.folder), None)
        return await self._begin(submission, names, replay)

    async def _begin(self, submission: Submission, names: Iterable[str], replay: Token | None = None) -> Run:
        await self._end_run()
        options = replace(self._options, replay=replay) if replay else self._options
        self._run = Run(submission, names, pairs=self._pairs, host=self._host, options=options, tell=self._tell)
        return self._run

    async def _check(self, submission: Submission, name: str) -> CheckResult:
        run = self._run
        if run is None or run.submission != submission:
            run = await self._begin(submission, self._planned.get(submission.folder, []))
        return self._noted(submission, await run.result(name))

    async def _made(self, run: Run) -> CheckResult | None:
        result = await run.made()
        return result and self._noted(run.submission, result)

    def _noted(self, submission: Submission, result: CheckResult) -> CheckResult:
        """Add a result to its verdict; return it as it is told there."""
        pair = self._pairs[0]  # open() comes before any check
        key = str(submission.folder)
        verdict = self._verdicts.get(key) or Verdict(
            key, submission.kata.name, pair.kind, dict(pair.versions), self._options.seed
        )
        result = _said_once(result, verdict)
        self._verdicts[key] = verdict.with_result(result)
        return result


def _said_once(result: CheckResult, verdict: Verdict) -> CheckResult:
    """Return the result without its finding where it is blocked by what the verdict tells already."""
    told = any(r.outcome is Outcome.BLOCKED and r.finding for r in verdict.results)
    if result.outcome is Outcome.BLOCKED and result.finding and told:
        return replace(result, message="the service did not start, see above", finding=None)
    return result
