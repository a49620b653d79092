"""A replayed schedule that stops for a debugger, as a learner attaches one."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

from grader.tests.grade.project import Ground, command, environment, pytest_in, submission
from grader.tests.replica.editor import Editor

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

KATA = "04_optimistic_locking"
TOKEN = "restocks-add-up:A.BBB.AA"  # noqa: S105 -- a replay token
CODE = "app/features/books/restock_book.py"
SENT = "app/features/books/rows.py"


@dataclass(frozen=True)
class Stopped:
    """A run that waits for a debugger, and what it said until then."""

    process: Process
    folder: Path
    told: str

    @property
    def port(self) -> int:
        """Where it can be attached to."""
        return int(self._of(r"127\.0\.0\.1:(\d+)"))

    @property
    def remote_root(self) -> str:
        """Where the code is that runs."""
        return self._of(r"remote root +(/\S+)")

    def _of(self, pattern: str) -> str:
        found = re.search(pattern, self.told)
        assert found, self.told
        return found[1]

    async def rest(self) -> str:
        """Return what it says from here on, once it has ended."""
        return (await self.process.communicate())[0].decode()


async def stopped(folder: Path, ground: Ground, step: int, token: str = TOKEN) -> Stopped:
    """Replay a schedule up to before a step."""
    process = await asyncio.create_subprocess_exec(
        *command(folder, "--replay", token, "--stop-at", str(step)),
        cwd=folder,
        env=environment(**ground.variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    told = ""
    while "Ctrl-C ends it." not in told:
        line = await process.stdout.readline()
        assert line, told
        told += line.decode()
    return Stopped(process, folder, told)


async def halted(run: Stopped, code: str = CODE, text: str = "return show(restocked") -> tuple[Editor, dict[str, int]]:
    """Attach with a breakpoint at the line with a text; return the thread and the frame that stand there."""
    source = {"path": str(run.folder / code)}
    line = line_of(run.folder / code, text)
    editor = Editor(*await asyncio.open_connection("127.0.0.1", run.port))
    editor.ask("initialize", adapterID="debugpy")
    await editor.hear("initialize")
    editor.ask("attach", pathMappings=[{"localRoot": str(run.folder), "remoteRoot": run.remote_root}])
    await editor.hear("initialized")
    editor.ask("setBreakpoints", source=source, breakpoints=[{"line": line}])
    editor.ask("configurationDone")
    thread = (await editor.hear("stopped"))["threadId"]
    editor.ask("stackTrace", threadId=thread)
    frames = (await editor.hear("stackTrace"))["stackFrames"]
    assert (frames[0]["source"]["path"], frames[0]["line"]) == (source["path"], line)
    assert all(frame["source"]["path"].startswith(str(run.folder)) for frame in frames)
    return editor, {"threadId": thread, "frameId": frames[0]["id"]}


def line_of(file: Path, text: str) -> int:
    """Return the number of the line that holds a text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def finding(output: str) -> str:
    """Return what a run says of the check that failed."""
    return output.partition("= FAILURES =")[2].partition("Kata 04")[0]


@pytest.fixture
def folder(ground: Ground, request: pytest.FixtureRequest) -> Path:
    """A learner's folder with the starter of kata 04."""
    pytest.importorskip("debugpy")
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return submission(ground.folder / name / KATA, "starter", kata=KATA)


async def test_a_replay_goes_on_when_a_debugger_has_attached(folder: Path, ground: Ground) -> None:
    """The replay stops at the step, takes as long as the debugger does, and comes to the same finding."""
    run = await stopped(folder, ground, 5)
    assert (
        f"Stopped before step 5: replica A is about to send at {SENT}:{line_of(folder / SENT, '(WRITE,')}" in run.told
    )
    assert "UPDATE books SET title = $1" in run.told
    assert f"local root   {folder}" in run.told
    editor, at = await halted(run)
    # longer than requests, runs and checks may stand still otherwise
    editor.ask("evaluate", frameId=at["frameId"], context="repl", expression="__import__('time').sleep(11)")
    await editor.hear("evaluate")
    editor.ask("continue", threadId=at["threadId"])
    rest = await run.rest()
    await editor.close()
    assert run.process.returncode == 1
    replayed = pytest_in(folder, folder, "--replay", TOKEN, **ground.variables)
    assert "A's line 5 rests on what line 1 saw" in finding(rest)
    assert finding(rest) == finding(replayed.output)
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


async def test_the_replica_of_the_step_is_the_one_to_attach_to(folder: Path, ground: Ground) -> None:
    """Where the step is the other request's, its replica has the debugger."""
    run = await stopped(folder, ground, 3)
    assert "before step 3: replica B" in run.told
    editor, at = await halted(run)
    editor.ask("evaluate", frameId=at["frameId"], expression="delivery.quantity")
    assert (await editor.hear("evaluate"))["result"] == "5"
    editor.ask("disconnect")
    assert "A's line 5 rests on what line 1 saw" in finding(await run.rest())
    await editor.close()


async def test_nothing_is_given_up_meanwhile(ground: Ground) -> None:
    """While one request stands still, the other does not give up a Redis command that is held for longer than 1 s."""
    pytest.importorskip("debugpy")
    kata, mistake = "05_idempotency", "set_nx_with_nothing_behind"
    folder = submission(ground.folder / mistake / kata, f"mistakes/{mistake}", kata=kata)
    run = await stopped(folder, ground, 1, "one-effect-also-when-redis-is-emptied:AAAAAAA.BBBBBBB")
    assert "SET paid:" in run.told
    editor, at = await halted(run, "app/features/payments/pay.py", "charge_id = await charge(")
    editor.ask("evaluate", frameId=at["frameId"], context="repl", expression="__import__('time').sleep(3)")
    await editor.hear("evaluate")
    editor.ask("continue", threadId=at["threadId"])
    rest = await run.rest()
    await editor.close()
    assert run.process.returncode == 1, rest
    assert "No race is needed" in rest


@pytest.mark.parametrize("attached", [False, True], ids=["nobody attached", "halted at a line"])
async def test_ctrl_c_ends_it(attached: bool, folder: Path, ground: Ground) -> None:  # noqa: FBT001 -- a table of cases
    """Ctrl-C ends a run that waits for a debugger, or stands still by its will, and leaves nothing."""
    run = await stopped(folder, ground, 5)
    editor = (await halted(run))[0] if attached else None
    processes = ground.processes(run.process.pid)
    run.process.send_signal(signal.SIGINT)
    rest = await run.rest()
    if editor is not None:
        await editor.close()
    assert run.process.returncode == pytest.ExitCode.INTERRUPTED, rest
    assert processes
    assert psutil.wait_procs(processes, timeout=30)[1] == []
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name the schedule too, with --replay"),
        (("--replay", "a-crash-leaves-all-or-nothing:cut-after-A3"), "cut-after-A3 is a crash"),
        (("--replay", "restocks-add-up:A.BB"), "the steps of restocks-add-up:A.BB are 1 to 3, got 5"),
    ],
    ids=["no schedule", "a crash", "too far"],
)
def test_what_cannot_be_stopped_at(arguments: tuple[str, ...], told: str, folder: Path) -> None:
    """Without a schedule that has such a step the run does not begin; the message says why."""
    run = pytest_in(folder, folder, *arguments, BACKEND_KATAS_STOP_AT="5")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "--stop-at" in run.output
    assert told in run.output


def test_a_debugger_that_is_not_installed(folder: Path) -> None:
    """Without debugpy the message says how to install it."""
    code = "import sys; sys.modules['debugpy'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    arguments = [*command(folder, "--replay", TOKEN)[3:], "--stop-at", "5"]
    done = subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-c", code, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "pip install -e '.[debug]'" in done.stderr
