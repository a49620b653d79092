"""The end of the grader's process, however it comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = """
    import asyncio, json, sys
    from pathlib import Path
    from grader.replica import Host

    async def main():
        host = Host(start_method=sys.argv[1])
        host.begin()
        copy = host.copy(Path(sys.argv[2]))
        replicas = [await host.replica(name, copy, environment={}) for name in "AB"]
        for replica in replicas:
            await replica.ready()
            reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
            writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
            # Not up to the end: what is left behind keeps the connection open.
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.close()
        print(json.dumps(str(host.directory)), flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""

LEAVES = """
    import os, signal, time
    from fastapi import FastAPI

    def create_app():
        app = FastAPI()

        @app.get("/")
        async def root():
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                if os.fork() == 0:
                    while True: time.sleep(60)
                os._exit(0)

        return app
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["SIGKILL", "Ctrl-C"])
def test_the_end_of_the_grader_is_the_end_of_everything(write: Callable[..., Path], method: str, number: int) -> None:
    """A grader that is killed, or left with Ctrl-C and never closed, leaves no process and no file."""
    grader = subprocess.Popen(  # noqa: S603 -- our own script
        [sys.executable, "-c", textwrap.dedent(SCRIPT), method, str(write(LEAVES))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
    )
    assert grader.stdout is not None
    directory = Path(json.loads(grader.stdout.readline()))
    family = psutil.Process(grader.pid).children(recursive=True)
    # The parent, and for each of two replicas: its keeper, itself, what it left behind.
    assert len(family) >= 7
    os.kill(grader.pid, number)
    grader.wait()
    grader.stdout.close()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not directory.exists()
