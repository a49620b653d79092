"""Servers in containers, where there is an engine with the images."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from grader.services import ServicesUnavailableError, Settings, open_pair
from grader.tests.services.conftest import ask

SETTINGS = Settings("containers")


def has_images() -> bool:
    """Whether an engine runs here that has both images."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    images = [SETTINGS.postgres_image, SETTINGS.redis_image]
    return subprocess.run([docker, "image", "inspect", *images], capture_output=True, check=False).returncode == 0  # noqa: S603 - constants


with_engine = pytest.mark.skipif(not has_images(), reason="no container engine with postgres:18 and redis:8 here")


def running(label: str) -> list[str]:
    """List the containers of a run."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"label=backend-katas.owner={label}"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()  # noqa: S603 - constants


@with_engine
async def test_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair in containers does what any pair does, and is removed with the run."""
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    told: list[str] = []
    pair = await open_pair(SETTINGS, redis=True, tell=told.append)
    try:
        assert told == ["Starting containers of postgres:18 and redis:8 …"]
        assert pair.kind == "containers"
        assert set(pair.versions) == {"postgres", "redis"}
        for _ in range(2):
            database = await pair.database("CREATE TABLE a (id int)")
            assert await ask(database, "SHOW deadlock_timeout") == [("10ms",)]
            assert await ask(database, "SELECT 'a' < 'B', upper('ä')") == [(False, "Ä")]
            await pair.drop(database)
        assert await ask(pair.postgres, "SHOW fsync") == [("off",)]
        await pair.flush_redis()
    finally:
        await pair.close()
    with pytest.raises(Exception, match="connection failed"):
        await ask(pair.postgres, "SELECT 1")


@with_engine
async def test_missing_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that cannot be had is named, with the command that gets it, and the other container is removed."""
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    settings = Settings("containers", redis_image="localhost:1/no/such:image")
    with pytest.raises(ServicesUnavailableError, match="Try: docker pull localhost:1/no/such:image"):
        await open_pair(settings, redis=True, tell=print)
