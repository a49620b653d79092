"""Many submissions side by side: a process that ends, and one that is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from grader.grade import options_of
from grader.grade.many import grade_many
from grader.kata import Submission, load_submission
from grader.settings import settings_of
from grader.tests.grade.hostile import in_handler
from grader.tests.grade.project import Ground, environment, submission

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ending:
    """A folder that ends the process which is told of it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def test_a_process_that_dies_costs_one_verdict(tmp_path: Path) -> None:
    """Where the process of a job dies, its submission has no verdict, and the next is graded by another process."""
    good = load_submission(submission(tmp_path / "03"))
    bad = Submission(good.kata, Ending(), ())  # type: ignore[arg-type] # it takes the process with it
    first, second = grade_many([bad, good], options_of(settings_of(os.environ)), jobs=1, tell=lambda _text: None)
    assert first.verdict is None
    assert "the grader's process ended before the verdict" in first.trouble
    assert second.verdict is not None
    assert second.verdict.earned == 20


def test_ctrl_c_leaves_nothing_behind(ground: Ground) -> None:
    """Ctrl-C while two jobs are in the middle of a check ends them and all their processes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        report = f"import socket; socket.create_connection({listener.getsockname()!r}).recv(1)"
        people = [submission(ground.folder / name / "03", files=in_handler(report)) for name in ("alice", "bob")]
        with (
            subprocess.Popen(  # noqa: S603 -- our own command
                [sys.executable, "-m", "grader.cli", "grade", *people, "--jobs", "2"],
                env=environment(**ground.variables),
                stdout=subprocess.DEVNULL,
            ) as run,
            listener.accept()[0],
            listener.accept()[0],
        ):
            processes = ground.processes(run.pid)
            assert len(processes) > 2
            run.send_signal(signal.SIGINT)
            assert run.wait(60) == 130
        assert psutil.wait_procs(processes, timeout=30)[1] == []
    assert ground.left_over() == []
