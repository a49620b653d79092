#!/usr/bin/env python3
"""Prints the marks that a change must not make worse: how long a verdict takes, and how much memory.

Every time is of a whole command, and is compared with a bare uvicorn that has the same imports, up to its first answer.
The runs are interleaved and the medians compared, so that a busy machine slows both.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from left_over import left_over

from grader.services import stop

ROUNDS = 5
PROJECT = Path(__file__).resolve().parent.parent
REFERENCE = "solutions/03_n_plus_one/reference"
STARTER = "solutions/03_n_plus_one/starter"
BARE = """
import socket, sys
import asyncpg, fastapi, httpx, psycopg, pydantic, redis.asyncio, sqlalchemy.ext.asyncio, sqlalchemy.orm, uvicorn
import sqlalchemy.dialects.postgresql.asyncpg, sqlalchemy.dialects.postgresql.psycopg

app = fastapi.FastAPI()
app.get("/")(lambda: "here")
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([socket.socket(fileno=int(sys.argv[1]))])
"""


def bare_uvicorn() -> float:
    """Return the seconds from the start of a bare service to its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.perf_counter()
        command = [sys.executable, "-c", BARE, str(server.fileno())]
        with subprocess.Popen(command, pass_fds=[server.fileno()]) as service:  # noqa: S603 -- the command is ours
            with socket.create_connection(server.getsockname(), timeout=60) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = connection.recv(64)
            took = time.perf_counter() - began
            service.kill()
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit(f"the bare service answered {answer!r}")
    return took


def grade(home: Path, submission: str) -> tuple[float, int]:
    """Grade a submission; return the seconds, and the most memory in use meanwhile (PSS, bytes).

    All processes that know `home` are counted, the servers too. SystemExit where it ends with neither 0 nor 1.
    """
    environment = os.environ | {"BACKEND_KATAS_SERVICES_HOME": str(home)}
    began, memory = time.perf_counter(), 0
    with subprocess.Popen(  # noqa: S603 -- the command is ours
        [sys.executable, "-m", "pytest", submission],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        output, ended = b"", False
        while not ended:
            try:
                output, _ = process.communicate(timeout=0.2)
                ended = True
            except subprocess.TimeoutExpired:
                memory = max(memory, sum(map(proportional_set_size, left_over(str(home)))))
        took = time.perf_counter() - began
    if process.returncode not in {0, 1}:
        sys.exit(output.decode(errors="replace") + f"pytest {submission} ended with status {process.returncode}")
    return took, memory


def proportional_set_size(pid: int) -> int:
    """Return the PSS of a process in bytes, 0 where it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Measure, and print one line a mark."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every run compiles all that it imports
    with tempfile.TemporaryDirectory(prefix="katas-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # servers run as another user where this is root
        bare_uvicorn()
        installed, _ = grade(home, REFERENCE)
        asyncio.run(stop(home))
        booted, _ = grade(home, REFERENCE)
        bare, memory = [], 0
        warm: dict[str, list[float]] = {REFERENCE: [], STARTER: []}
        for _ in range(ROUNDS):
            bare.append(bare_uvicorn())
            for submission, times in warm.items():
                took, used = grade(home, submission)
                times.append(took)
                memory = max(memory, used)
        asyncio.run(stop(home))
    unit = median(bare)
    say = sys.stdout.write
    say(f"bare uvicorn, first answer        {unit:6.2f} s\n")
    for name, took, most in (
        ("warm verdict, reference", median(warm[REFERENCE]), 2.5),
        ("warm verdict, starter", median(warm[STARTER]), 4),
        ("first verdict after a reboot", booted, 4),
        ("first verdict after installation", installed, 8),
    ):
        say(f"{name:<33} {took:6.2f} s  {took / unit:5.2f} times, at most {most}\n")
    say(f"{'memory of a run, servers included':<33} {memory / 1e6:6.0f} MB PSS, at most 500\n")


if __name__ == "__main__":
    main()
