"""Submissions that do harm: the right outcome, a clear message, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from grader.services import Settings, open_pair
from grader.tests.grade.hostile import CASES, in_handler
from grader.tests.grade.project import KATA, Ground, Run, command, environment, pytest_in, submission

CHECK = "unknown-and-empty"


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


@pytest.fixture(scope="module")
def graded(ground: Ground) -> tuple[Run, dict[str, dict[str, Any]]]:
    """Grade every hostile submission in one run, a healthy one after each ten of them."""
    paths = []
    for number, (name, case) in enumerate(CASES.items()):
        folder = submission(ground.folder / _folder(name) / KATA, files=case.files)
        for link, target in case.links.items():
            (folder / link).symlink_to(target)
        paths.append(folder)
        if number % 10 == 9:
            paths.append(submission(ground.folder / f"healthy{number}" / KATA))
    run = pytest_in(ground.folder, *paths, "-k", CHECK, "--rootdir", ground.folder, **ground.variables)
    assert run.result is not None, run.output
    return run, {Path(s["submission"]).parent.name: s["checks"][0] for s in run.result["submissions"]}


@pytest.mark.parametrize("name", CASES)
def test_outcome_and_message(name: str, graded: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    """Each submission gets the outcome that it deserves, and its learner is told why."""
    check = graded[1][_folder(name)]
    told = json.dumps([check["message"], check["evidence"]], ensure_ascii=False)
    assert check["outcome"] == CASES[name].outcome, told
    for word in CASES[name].words:
        assert word in told


def test_others_are_unaffected(graded: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    """A healthy submission passes, whatever was graded before it in the same run."""
    healthy = {name: check["outcome"] for name, check in graded[1].items() if name.startswith("healthy")}
    assert healthy
    assert set(healthy.values()) == {"passed"}


def test_exit_status_is_that_of_a_failure(graded: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    """None of it is taken for a failure of the grader."""
    assert graded[0].status == 1, graded[0].output[-3000:]
    assert "The grader failed" not in graded[0].output


async def test_nothing_is_left(ground: Ground, graded: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    """After the run no process, no file and no database of it is left."""
    assert graded
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []
    assert await _databases(ground.home) == []


async def _databases(home: Path) -> list[str]:
    pair = await open_pair(Settings(choice="embedded", home=home), redis=False, tell=print)
    try:
        server = pair.postgres
        connection = await psycopg.AsyncConnection.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, dbname="postgres"
        )
        async with connection:
            cursor = await connection.execute("SELECT datname FROM pg_database WHERE datname LIKE '%\\_db\\_%'")
            return [name for (name,) in await cursor.fetchall()]
    finally:
        await pair.close()


def test_an_ini_file_in_a_submission_is_refused(ground: Ground) -> None:
    """A submission does not configure pytest; the message says what to do."""
    folder = submission(ground.folder / "ini" / KATA, files={"pytest.ini": "[pytest]\naddopts = --co\n"})
    run = pytest_in(folder, folder, **ground.variables)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "a submission does not configure pytest" in run.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_an_interrupted_run_leaves_nothing(number: signal.Signals, ground: Ground) -> None:
    """Ctrl-C and SIGKILL in the middle of a check leave no process and no database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        report = f"import socket; socket.create_connection({listener.getsockname()!r}).recv(1)"
        folder = submission(ground.folder / number.name / KATA, files=in_handler(report))
        with subprocess.Popen(  # noqa: S603 -- our own command
            command(folder, "-k", CHECK), env=environment(**ground.variables), stdout=subprocess.DEVNULL
        ) as run:
            connection = listener.accept()[0]
            with connection:
                processes = ground.processes(run.pid)
                assert processes
                run.send_signal(number)
                status = run.wait(60)
        alive = psutil.wait_procs(processes, timeout=30)[1]
    assert status == (pytest.ExitCode.INTERRUPTED if number == signal.SIGINT else -signal.SIGKILL)
    assert alive == []
    assert ground.left_over() == []
    assert asyncio.run(_databases(ground.home)) == []
