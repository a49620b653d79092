"""One folder graded again and again, in a thread of its own, with servers and the replicas' parent kept warm."""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.checks import checks_of
from grader.grade import Grader
from grader.replica import Host
from grader.services import ServicesUnavailableError
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.explore.token import Token
    from grader.grade import Options
    from grader.kata import Submission
    from grader.verdict import CheckResult, Verdict

CLOSE_SECONDS = 30.0
"""How long servers that are just starting, and so cannot be given back yet, are waited for."""
PACKAGES = ("asyncpg", "redis", "httpx")
"""Imported beforehand beside what every submission uses: a file that is saved may begin to use them."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something slow is under way."""

    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """A check was made; with `replay` only one schedule or crash of it. `asked` is the number of the asking."""

    asked: int
    result: CheckResult
    replay: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """All checks that were asked for are made, and make this verdict."""

    verdict: Verdict
    replay: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Nothing can be graded; the text says why."""

    asked: int
    text: str


Event = Said | Made | Ended | Trouble


@dataclass(frozen=True, slots=True)
class _Job:
    number: int
    names: tuple[str, ...]
    replay: Token | None


class Bench:
    """Grades `submission`; `hear` is given what happens, from the bench's own thread."""

    def __init__(self, submission: Submission, options: Options, hear: Callable[[Event], None]) -> None:
        self._submission = submission
        self._options = options
        self._hear = hear
        self._grader: Grader | None = None
        self._wanted: _Job | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._work, name="bench", daemon=True)

    def start(self) -> None:
        """Begin to take servers and to wait for what is asked."""
        self._thread.start()

    def ask(self, number: int, names: Sequence[str], replay: Token | None = None) -> None:
        """Have checks made on the files as they are now; what is under way is given up. Blocks until that has ended.

        What comes of it bears the number; what still comes of an earlier asking bears another.
        """
        with self._lock:
            self._wanted = _Job(number, tuple(names), replay)
            self._give_up()

    def close(self) -> None:
        """Give up what is under way, end every process and give the servers back."""
        with self._lock:
            self._closed = True
            self._give_up()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _give_up(self) -> None:
        self._changed.notify()
        if self._grader is not None:
            self._grader.give_up()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                try:
                    self._grade(job)
                except ServicesUnavailableError as error:
                    self._give_in(job, str(error))
                except Exception:  # noqa: BLE001 -- whatever it is, it is ours; the next save finds a new grader
                    self._give_in(job, f"The grader failed. Please report this:\n\n{traceback.format_exc()}")
                    self._end_grader()
        finally:
            self._end_grader()

    def _next(self) -> _Job | None:
        with self._lock:
            self._changed.wait_for(lambda: self._wanted or self._closed)
            return None if self._closed else self._wanted

    def _grade(self, job: _Job) -> None:
        grader = self._grader or self._open()
        with self._lock:
            if self._wanted is not job:
                return  # another was asked for while the servers came
            self._wanted, self._grader = None, grader
            results = grader.grade_again(self._submission, job.names, replay=job.replay)
        made = []
        for result in results:
            made.append(result)
            self._hear(Made(job.number, result, job.replay is not None))
        if len(made) == len(job.names):
            self._hear(Ended(grader.verdicts[-1], job.replay is not None))
        grader.give_up()  # the bench is cleared now, and not when the next save waits for it
        if any(result.outcome is Outcome.ERROR for result in made):
            self._end_grader()  # its servers may be gone

    def _give_in(self, job: _Job, reason: str) -> None:
        """Leave a job undone, until something is asked again."""
        with self._lock:
            if self._wanted is job:
                self._wanted = None
        self._hear(Trouble(job.number, reason))

    def _open(self) -> Grader:
        tell = self._hear_text
        host = Host(start_method=self._options.start_method, services=self._options.services)
        host.begin(PACKAGES)
        grader = Grader(self._options, tell, host)
        kata = self._submission.kata
        grader.plan((self._submission, check.id) for check in checks_of(kata.slug))
        try:
            grader.open(redis="redis" in kata.services)
        except BaseException:
            grader.close()
            raise
        self._hear(Said(grader.services))
        return grader

    def _hear_text(self, text: str) -> None:
        self._hear(Said(text))

    def _end_grader(self) -> None:
        with self._lock:
            grader, self._grader = self._grader, None
        if grader is not None:
            grader.close()
