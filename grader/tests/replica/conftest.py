"""A host for each test module and start method, and a way to write a submission and start it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
import pytest_asyncio

from grader.explore.rest import Motion
from grader.replica import Host, Replica

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from grader.replica import Reins

SERVICE = """
    from fastapi import FastAPI

    def create_app():
        app = FastAPI()

        @app.get("/")
        async def root():
            return "served"

        return app
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a submission: `main` is app/main.py, the rest are further files by name."""

    def written(main: str | bytes | None = SERVICE, files: Mapping[str, str] | None = None) -> Path:
        folder = tmp_path / f"submission {len(list(tmp_path.iterdir()))}"
        (folder / "app").mkdir(parents=True)
        if isinstance(main, bytes):
            (folder / "app/main.py").write_bytes(main)
        elif main is not None:
            (folder / "app/main.py").write_text(textwrap.dedent(main).lstrip())
        for name, text in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text).lstrip())
        return folder

    return written


@pytest.fixture(scope="module", params=["fork", "spawn"])
def method(request: pytest.FixtureRequest) -> str:
    """Run with both start methods."""
    value: str = request.param
    return value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(method: Any) -> AsyncIterator[Host]:  # noqa: ANN401 -- one of two words
    """A host for the module, which leaves nothing behind."""
    made = Host(start_method=method)
    made.begin()
    directory = made.directory
    await made.prepared()
    yield made
    await made.close()
    assert not directory.exists()
    assert processes_of(directory) == []


@pytest_asyncio.fixture(loop_scope="module")
async def start(host: Host, write: Callable[..., Path]) -> AsyncIterator[Callable[..., Awaitable[Replica]]]:
    """Start a replica of the submission given as for `write`; after the test nothing of it is left."""
    replicas: list[Replica] = []

    async def started(
        main: str | bytes | None = SERVICE,
        files: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401 -- those of Host.replica
    ) -> Replica:
        copy = host.copy(write(main, files))
        replica = await host.replica("A", copy, **({"environment": {}} | options))
        replicas.append(replica)
        return replica

    yield started
    for replica in replicas:
        await replica.kill()
    assert processes_of(host.directory / "replicas") == []
    assert not list((host.directory / "replicas").iterdir())


@pytest_asyncio.fixture(loop_scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that opens a connection for each request."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=10) as made:
        yield made


def processes_of(directory: Path) -> list[psutil.Process]:
    """Return the processes that stand in `directory` or run as a user who owns something there."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(directory)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def service(body: str, *, before: str = "", plain: bool = False) -> str:
    """Return an app/main.py with one endpoint, `body`, async unless `plain`."""
    indented = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    return f"""
import asyncio, os, signal, socket, subprocess, sys, threading, time
from pathlib import Path
from fastapi import FastAPI
{before}
def create_app():
    app = FastAPI()

    @app.get("/alive")
    async def alive():
        return os.getpid()

    @app.get("/")
    {"" if plain else "async "}def endpoint():
{indented}

    return app
"""


def reins_of(replica: Replica) -> Reins:
    """Return the reins of a controlled replica."""
    assert replica.reins is not None
    return replica.reins


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    assert await Motion().until(condition, 10)


async def held(start: Callable[..., Awaitable[Replica]], body: str, **more: Any) -> tuple[Replica, Reins]:  # noqa: ANN401 -- those of `service`
    """Return a replica whose endpoint is `body` and whose timers are held, with its reins."""
    replica = await start(service(body, **more), controlled=True)
    await replica.ready()
    reins = reins_of(replica)
    reins.hold()
    await until(lambda: reins.asleep)
    return replica, reins
