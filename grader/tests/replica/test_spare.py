"""A run's parent that was ready before the run: used, ended with it, and made anew where what it imported is old."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from grader.replica import Host, spare
from grader.services import Settings, open_pair, prepared, status
from grader.services.home import existing
from grader.tests.services.conftest import temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def keep(tmp_path: Path) -> AsyncIterator[tuple[Settings, int]]:
    """Settings and the number of the parent that is ready; packages are in a folder of the test's too."""
    (tmp_path / "site-packages").mkdir()
    kept = spare()
    assert kept is not None
    async with temporary_home() as home:
        wider = replace(kept, command=(*kept.command, str(tmp_path / "site-packages")))
        settings = Settings("embedded", home=home, spare=wider)
        pair = await open_pair(settings, redis=False, tell=lambda _: None)
        await pair.close()
        await prepared(home)
        (keeper,) = await status(home)
        assert keeper.spare is not None
        yield settings, keeper.spare


async def serve_one(host: Host, folder: Path) -> str:
    """Start a replica, and return what it answers."""
    host.begin()
    replica = await host.replica("one", host.copy(folder), environment={})
    await replica.ready()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{replica.url}/")
    text: str = answer.json()
    return text


def role(pid: int) -> str:
    """Return which role of the launcher a process has."""
    words = psutil.Process(pid).cmdline()
    return words[words.index("utf8") + 2]


async def test_used(keep: tuple[Settings, int], write: Callable[..., Path]) -> None:
    """A run's replicas are made by the parent that was ready, which ends with the run, and its folder too."""
    settings, pid = keep
    host = Host(services=settings)
    try:
        assert await serve_one(host, write()) == "served"
        assert role(pid) == "spare"
        directory = host.directory
        (keeper,) = await status(settings.home)
        assert keeper.spare is None
    finally:
        await host.close()
    assert not directory.exists()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_old(keep: tuple[Settings, int], write: Callable[..., Path], tmp_path: Path) -> None:
    """Where packages were installed since, it starts anew, and the run does not notice."""
    settings, pid = keep
    (tmp_path / "site-packages" / "new.py").touch()
    host = Host(services=settings)
    try:
        assert await serve_one(host, write()) == "served"
        assert role(pid) == "parent"
    finally:
        await host.close()


async def test_a_submission_cannot_read_the_key(keep: tuple[Settings, int], write: Callable[..., Path]) -> None:
    """What a run shows the keeper to get the spare cannot be read by a replica."""
    settings, _ = keep
    assert settings.home is not None
    (home,) = existing(settings.home)
    service = f"""
        from pathlib import Path
        from fastapi import FastAPI

        def read():
            try:
                return Path({str(home.key)!r}).read_text()
            except OSError:
                return "kept out"

        def create_app():
            app = FastAPI()
            app.get("/")(read)
            return app
    """
    host = Host(services=settings)
    try:
        assert home.key.read_text()
        assert await serve_one(host, write(service)) == "kept out"
    finally:
        await host.close()


async def test_surroundings(
    keep: tuple[Settings, int], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH and time zone are those of the run, not of the one that started the keeper."""
    settings, _ = keep
    monkeypatch.setenv("PATH", "/somewhere/else:/usr/bin")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    host = Host(services=settings)
    service = """
        import os, time
        from fastapi import FastAPI

        def create_app():
            app = FastAPI()
            app.get("/")(lambda: f"{os.environ['PATH']} {time.localtime(0).tm_hour}")
            return app
    """
    try:
        assert await serve_one(host, write(service)) == "/somewhere/else:/usr/bin 9"
    finally:
        await host.close()
