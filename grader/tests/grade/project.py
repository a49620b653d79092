"""A project folder of a test's own, in which pytest is run as a learner runs it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from grader.kata import SOLUTIONS
from grader.services import stop

if TYPE_CHECKING:
    from collections.abc import Iterator

KATA = "03_n_plus_one"


@dataclass(frozen=True)
class Run:
    """What a run of pytest came to."""

    status: int
    output: str
    result: dict[str, Any] | None

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each check of the first submission."""
        checks = self.result["submissions"][0]["checks"] if self.result and self.result["submissions"] else []
        return {check["id"]: check["outcome"] for check in checks}

    def message(self, check: str) -> str:
        """The message of one check of the first submission."""
        assert self.result is not None
        found: str = next(c["message"] for c in self.result["submissions"][0]["checks"] if c["id"] == check)
        return found


def submission(
    folder: Path, layer: str = "reference", files: dict[str, str | bytes] | None = None, *, kata: str = KATA
) -> Path:
    """Lay the starter, a layer of its solutions and more files into `folder`, and return it."""
    shutil.copytree(SOLUTIONS / kata / "starter", folder, dirs_exist_ok=True)
    if layer != "starter":
        shutil.copytree(SOLUTIONS / kata / "reference", folder, dirs_exist_ok=True)
        shutil.copytree(SOLUTIONS / kata / layer, folder, dirs_exist_ok=True)
        (folder / "about.toml").unlink()
    for name, content in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


class Ground:
    """A folder in which everything that a run starts can be told by its name."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.home = folder / "home"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        self.variables = {
            "BACKEND_KATAS_SERVICES_HOME": str(self.home),
            "BACKEND_KATAS_REQUEST_SECONDS": "3",
            "BACKEND_KATAS_BOOT_SECONDS": "6",
            "TMPDIR": str(self.temporary),
        }

    def left_over(self) -> list[str]:
        """Return the processes of the run that live, those of the warm servers left out."""
        found = []
        for process in psutil.process_iter():
            try:
                traces = [*process.cmdline(), process.cwd(), *process.environ().values(), _output_of(process)]
                if any(str(self.temporary) in trace for trace in traces) and not self.serves(process):
                    found.append(f"{process.pid} {process.cmdline()}")
            except psutil.Error:
                continue
        return found

    def processes(self, pid: int) -> list[psutil.Process]:
        """Return the processes of a run: those below it, and below the parent that the keeper had ready for it."""
        found = set(psutil.Process(pid).children(recursive=True))
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if any(str(self.home) in argument for argument in process.cmdline()):
                    found.update(process.children(recursive=True))
        return [process for process in found if not self.serves(process)]

    def serves(self, process: psutil.Process) -> bool:
        """Whether a process is one of the warm servers, their keeper, or what that has ready for a run to come."""
        line = (process, *process.parents())
        if any(str(self.temporary) in _output_of(one) for one in line if "spare" in one.cmdline()):
            return False  # a run has taken it, and its log
        return any(str(self.home) in argument for one in line for argument in one.cmdline())


def _output_of(process: psutil.Process) -> str:
    """Return where a process's standard output goes."""
    try:
        return str(Path(f"/proc/{process.pid}/fd/1").readlink())
    except OSError:
        return ""


def ground_of_its_own() -> Iterator[Ground]:
    """Give a folder with servers of its own, stopped in the end; as root the servers' user must reach it."""
    with tempfile.TemporaryDirectory(prefix="katas-ground-") as folder:
        ground = Ground(Path(folder))
        yield ground
        asyncio.run(stop(ground.home))


def command(*arguments: str | Path) -> list[str]:
    """Return the command that runs pytest with these arguments."""
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    """Return an environment as a terminal 100 columns wide gives it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return {**kept, "COLUMNS": "100", "NO_COLOR": "1", "CI": "", **variables}


def pytest_in(cwd: Path, *arguments: str | Path, **variables: str) -> Run:
    """Run pytest in a folder and wait for it, at most three minutes."""
    path = cwd / "result.json"
    path.unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 -- our own command
        command(*arguments),
        cwd=cwd,
        env=environment(**{"BACKEND_KATAS_RESULT_JSON": str(path), **variables}),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=180,
        check=False,
    )
    result = json.loads(path.read_text()) if path.is_file() else None
    return Run(done.returncode, done.stdout + done.stderr, result)


def without_times(text: str) -> str:
    """Return a run's output without what differs from run to run."""
    return re.sub(r"\bin \d+\.\d+s\b", "in …s", text)
