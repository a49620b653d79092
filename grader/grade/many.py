"""Many submissions, graded side by side: a process for each job, with a grader and servers of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from grader.grade import Grader
from grader.services import ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from grader.grade import Options
    from grader.kata import Submission
    from grader.verdict import Verdict

ENDING_SECONDS = 30.0
"""How long a process may take to end tidily; then it is killed, and its replicas and leases end with it."""
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Graded:
    """What came of one submission: its verdict, or the trouble that kept the grader from one."""

    submission: Submission
    verdict: Verdict | None
    trouble: str = ""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def grade_many(
    submissions: Sequence[Submission], options: Options, *, jobs: int, tell: Callable[[str], None]
) -> Iterator[Graded]:
    """Grade submissions in so many jobs, and yield each as soon as it is done.

    `tell` is given text before anything slow, from another thread. One job makes two checks side by side, as a run of
    pytest does; several make one each. Raises ServicesUnavailableError where no servers can be had.
    """
    jobs = min(jobs, len(submissions))
    if jobs > 1:
        options = replace(options, lanes=1)
    redis = any("redis" in submission.kata.services for submission in submissions)
    todo: SimpleQueue[Submission] = SimpleQueue()
    done: SimpleQueue[Graded | ServicesUnavailableError] = SimpleQueue()
    for submission in submissions:
        todo.put(submission)
    crew = [_Job(options, todo, done, redis=redis, tell=tell) for _ in range(jobs)]
    left = len(submissions)
    try:
        while left:
            graded = done.get()
            if isinstance(graded, ServicesUnavailableError):
                raise graded
            left -= 1
            yield graded
    finally:
        for job in crew:
            job.end(at_once=left > 0)


class _Job:
    """A thread that feeds a process; where the process dies, its submission has no verdict, and another is started."""

    def __init__(
        self,
        options: Options,
        todo: SimpleQueue[Submission],
        done: SimpleQueue[Graded | ServicesUnavailableError],
        *,
        redis: bool,
        tell: Callable[[str], None],
    ) -> None:
        self._options = options
        self._redis = redis
        self._tell = tell
        self._todo, self._done = todo, done
        self._ended = False
        self._process: multiprocessing.process.BaseProcess | None = None
        self._wire: Connection | None = None
        self._thread = threading.Thread(target=self._work, name="job")
        self._thread.start()

    def _work(self) -> None:
        try:
            while not self._ended:
                self._done.put(self._grade(self._todo.get_nowait()))
        except Empty:
            return
        except ServicesUnavailableError as error:
            self._done.put(error)
        finally:
            self._close()

    def _grade(self, submission: Submission) -> Graded:
        try:
            wire = self._ready()
            wire.send(submission)
            while isinstance(answer := wire.recv(), str):
                self._tell(answer)
        except (EOFError, OSError):
            self._close()
            return Graded(submission, None, "the grader's process ended before the verdict; grade it again, alone")
        if isinstance(answer, ServicesUnavailableError):
            raise answer
        graded: Graded = answer
        return graded

    def _ready(self) -> Connection:
        """Return the wire to a living process."""
        if self._wire is None:
            self._wire, theirs = _PROCESSES.Pipe()
            self._process = _PROCESSES.Process(target=_serve, args=(theirs, self._options, self._redis), daemon=True)
            self._process.start()
            theirs.close()
        return self._wire

    def _close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None and self._process is not None:
            wire.close()
            self._process.join(ENDING_SECONDS)
            self._process.kill()
            self._process.join()

    def end(self, *, at_once: bool) -> None:
        """Wait until nothing is left of the job; `at_once` gives up what is being graded."""
        self._ended = True
        if at_once and self._process is not None:
            self._process.terminate()
            self._thread.join(ENDING_SECONDS)
            self._process.kill()
        self._thread.join()


def _serve(wire: Connection, options: Options, redis: bool) -> None:  # noqa: FBT001 -- as a process takes it
    """Grade what comes through the wire until it is closed; SIGTERM ends it tidily, Ctrl-C is for the first process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    writing = threading.Lock()

    def send(answer: object) -> None:
        with writing:  # the grader tells from a thread of its own
            wire.send(answer)

    grader = Grader(options, send)
    # the first process is gone, or wants no more
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            while True:
                submission = wire.recv()
                try:
                    send(Graded(submission, grader.grade(submission, redis=redis)))
                except ServicesUnavailableError as error:
                    send(error)
                except Exception:  # noqa: BLE001 -- whatever it is, it is ours, and the other submissions go on
                    send(Graded(submission, None, traceback.format_exc().strip()))
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            grader.close()
