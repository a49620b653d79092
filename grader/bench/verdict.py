"""How long a verdict of kata 03 takes, against a bare uvicorn with the same imports; and what a run weighs.

The same imports are those that a replica can have beforehand; kata 03 does without asyncpg, redis and httpx.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from grader.kata import PROJECT, SOLUTIONS
from grader.replica.launcher.parent import PREIMPORTED, SELDOM
from grader.services import prepared, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 9
KATA = SOLUTIONS / "03_n_plus_one"
IMPORTED = ", ".join((*PREIMPORTED, *SELDOM.values(), "sqlalchemy.dialects.postgresql.asyncpg"))
BARE = f"""
import sys, {IMPORTED}
app = fastapi.FastAPI()
app.get("/")(lambda: {{}})
uvicorn.run(app, fd=int(sys.argv[1]), log_level="critical")
"""


def bare_uvicorn() -> float:
    """Return the seconds from starting a bare uvicorn to its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.perf_counter()
        descriptor = listener.fileno()
        process = subprocess.Popen([sys.executable, "-c", BARE, str(descriptor)], pass_fds=[descriptor])  # noqa: S603 -- our own command
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            answered = bool(client.recv(1))
        seconds = time.perf_counter() - started
        process.terminate()
        process.wait()
    if not answered:
        raise RuntimeError("the bare uvicorn did not answer")
    return seconds


class Bench:
    """A folder with both submissions and embedded servers of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        folder.chmod(0o755)
        self.folders = {}
        for layer in ("starter", "reference"):
            self.folders[layer] = folder / layer / "03_n_plus_one"
            shutil.copytree(KATA / "starter", self.folders[layer])
            shutil.copytree(KATA / layer, self.folders[layer], dirs_exist_ok=True)

    def command(self, layer: str) -> list[str]:
        """Return the whole command that grades a submission."""
        options = ["-q", "-p", "no:cacheprovider", "--services=embedded", "--services-home", str(self.home)]
        project = ["-c", str(PROJECT / "pyproject.toml")]
        return [sys.executable, "-m", "pytest", *project, str(self.folders[layer]), *options]

    def verdict(self, layer: str) -> float:
        """Return the seconds that the whole command takes."""
        started = time.perf_counter()
        done = subprocess.run(self.command(layer), capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
        seconds = time.perf_counter() - started
        if done.returncode != (1 if layer == "starter" else 0):
            raise RuntimeError(f"{layer} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return seconds

    def rest(self) -> None:
        """Wait until the keeper has ready what it keeps for the next run, as when the last verdict has been read."""
        asyncio.run(prepared(self.home))

    def stop_services(self) -> None:
        """Stop the embedded servers, as a reboot would."""
        asyncio.run(stop(self.home))

    def weight(self, layer: str) -> int:
        """Return the largest sum seen of the PSS of all processes of a run, in bytes, servers included."""
        process = subprocess.Popen(self.command(layer), stdout=subprocess.DEVNULL)  # noqa: S603 -- our own command
        largest = 0
        while process.poll() is None:
            largest = max(largest, self._weight(process.pid))
        return largest

    def weight_at_rest(self) -> int:
        """Return the sum of the PSS of all that is kept for the next run, in bytes."""
        self.rest()
        return self._weight(None)

    def _weight(self, pid: int | None) -> int:
        found = {process.pid: process for process in self._processes(pid)}
        return sum(map(_pss, found.values()))

    def _processes(self, pid: int | None) -> Iterator[psutil.Process]:
        for process in psutil.process_iter(["cmdline", "ppid"]):
            try:
                if process.pid == pid or str(self.home) in " ".join(process.info["cmdline"] or []):
                    yield process
                    yield from process.children(recursive=True)
            except psutil.NoSuchProcess:
                continue


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, ProcessLookupError):
        return 0


def main() -> None:
    """Print the marks."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or everything would be compiled at every start
    with tempfile.TemporaryDirectory(prefix="katas-bench-") as name:
        bench = Bench(Path(name))
        try:
            very_first = bench.verdict("reference")
            runs: dict[str, Callable[[], float]] = {
                "bare uvicorn, first answer": bare_uvicorn,
                "reference, warm": lambda: bench.verdict("reference"),
                "starter, warm": lambda: bench.verdict("starter"),
            }
            seconds: dict[str, list[float]] = {what: [] for what in runs}
            after_stop = []
            for _ in range(ROUNDS):
                for what, run in runs.items():
                    bench.rest()
                    seconds[what].append(run())
                bench.stop_services()
                after_stop.append(bench.verdict("reference"))
            seconds |= {"reference, servers stopped before": after_stop, "reference, very first": [very_first]}
            unit = statistics.median(seconds["bare uvicorn, first answer"])
            for what, values in seconds.items():
                median = statistics.median(values)
                print(f"{what:<36} {median:6.2f} s  {median / unit:5.2f} x   (median of {len(values)})")  # noqa: T201 -- it is a report
            weights = {
                "all processes of a run (PSS)": bench.weight("starter"),
                "what is kept between runs (PSS)": bench.weight_at_rest(),
            }
            for what, weight in weights.items():
                print(f"{what:<36} {weight / 1e6:6.0f} MB")  # noqa: T201 -- likewise
        finally:
            bench.stop_services()
