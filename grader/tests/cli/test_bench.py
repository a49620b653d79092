"""The bench of `kata watch`: what is kept warm between two saves, and what is not kept."""

from __future__ import annotations

import queue
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil

from grader.cli.watch.bench import Bench, Ended, Event, Made
from grader.grade import options_of
from grader.kata import load_submission
from grader.settings import settings_of
from grader.tests.grade.project import KATA, submission
from grader.verdict import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from grader.tests.grade.project import Ground

CHECKS = ("unknown-and-empty", "statements-do-not-grow-with-orders")


def test_a_save_starts_no_interpreter(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the second asking on nothing is started but forks of one process, which end with the last outcome."""
    started: list[Any] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, words: Any, *others: Any, **named: Any) -> None:  # noqa: ANN401 -- whichever way it is called
            started.append(words)
            super().__init__(words, *others, **named)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    folder = submission(tmp_path / KATA, "starter")
    heard: queue.Queue[Event] = queue.Queue()
    options = options_of(settings_of(ground.variables))
    own = replace(options, services=replace(options.services, spare=None))  # a parent that is seen to be started
    bench = Bench(load_submission(folder), own, heard.put)

    def asked(number: int) -> dict[str, Outcome]:
        """Return what came of the checks, when the replicas that they were made with have ended."""
        bench.ask(number, CHECKS)
        made: dict[str, Outcome] = {}
        replicas: set[psutil.Process] = set()
        while not isinstance(event := heard.get(timeout=60), Ended):
            if isinstance(event, Made):
                made[event.result.check] = event.result.outcome
                replicas |= forked()
        assert replicas
        assert psutil.wait_procs(replicas, timeout=30)[1] == []
        return made

    bench.start()
    try:
        failed = dict(zip(CHECKS, (Outcome.PASSED, Outcome.FAILED), strict=True))
        assert asked(1) == failed
        before = len(started)
        assert before, "the counting counts"
        assert asked(2) == failed
        submission(folder)
        assert asked(3) == dict.fromkeys(CHECKS, Outcome.PASSED)
        assert started[before:] == []
    finally:
        bench.close()


def forked() -> set[psutil.Process]:
    """Return the replicas that there are, forked from their parent."""
    parents = [process for process in psutil.Process().children() if "launcher" in " ".join(process.cmdline())]
    return {replica for parent in parents for replica in parent.children(recursive=True)}
