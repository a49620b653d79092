"""The process that the keeper has ready for the next run: handed over once, to who may have it, and left to nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.services import Settings, Spare, open_pair, prepared, status, stop, take_spare
from grader.services.home import existing
from grader.services.keeper.ready import Ready
from grader.tests.services.conftest import ended, temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

WAITS = "import os, socket; os.close(1); end = socket.socket(fileno=0); end.sendall(b'ready'); end.recv(1)"

DEAF = (sys.executable, "-c", "import os, signal; os.close(1); signal.pause()")


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """Settings of a home whose keeper has a process ready."""
    async with temporary_home() as home:
        spare = Spare((sys.executable, "-c", WAITS), {"LANG": "C.UTF-8"})
        settings = Settings("embedded", home=home, spare=spare)
        await run(settings)
        yield settings


async def run(settings: Settings) -> None:
    """Be a run, at whose end the keeper has a process ready again."""
    pair = await open_pair(settings, redis=False, tell=lambda _: None)
    await pair.close()
    await prepared(settings.home)


async def ready(home: Path) -> int:
    """Return the number of the one that is ready."""
    (keeper,) = await status(home)
    assert keeper.spare is not None
    return keeper.spare


def home_of(settings: Settings) -> Path:
    """Return the home, which these settings name."""
    assert settings.home is not None
    return settings.home


async def test_handed_over_once(settings: Settings) -> None:
    """A run gets the process and its socket, the next none before a run has ended; then it is another."""
    pid = await ready(home_of(settings))
    taken = take_spare(settings)
    assert taken is not None
    with taken.socket:
        assert taken.pid == pid
        assert await asyncio.get_running_loop().run_in_executor(None, taken.socket.recv, 5) == b"ready"
        assert take_spare(settings) is None
        await run(settings)
        assert await ready(home_of(settings)) != pid
    await ended(pid)


async def test_servers_of_another_kind(settings: Settings) -> None:
    """Who wants no spare, or servers of another kind, gets none."""
    assert take_spare(replace(settings, spare=None)) is None
    assert take_spare(replace(settings, choice="external")) is None
    taken = take_spare(replace(settings, choice="auto"))
    assert taken is not None
    taken.socket.close()


async def test_another_command(settings: Settings) -> None:
    """Who wants another command starts it himself; that is what is ready when his run has ended."""
    assert settings.spare is not None
    pid = await ready(home_of(settings))
    another = replace(settings, spare=replace(settings.spare, environment={"LANG": "C"}))
    assert take_spare(another) is None
    await ended(pid)
    await run(another)
    taken = take_spare(another)
    assert taken is not None
    taken.socket.close()


async def test_key(settings: Settings) -> None:
    """Who reaches the keeper's socket, and cannot read the home's files, gets nothing."""
    (home,) = existing(home_of(settings))
    right = home.key.read_text()
    home.key.write_text("0" * len(right))
    assert take_spare(settings) is None
    home.key.write_text(right)
    taken = take_spare(settings)
    assert taken is not None
    taken.socket.close()
    assert home.key.stat().st_mode & 0o077 == 0


async def test_stopped(settings: Settings) -> None:
    """When servers are stopped nothing is left of it, even if it looks at no socket."""
    deaf = Spare(DEAF, {})
    async with temporary_home() as home:
        await run(replace(settings, home=home, spare=deaf))
        pid = await ready(home)
        await stop(home)
        try:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def test_keeper_killed(settings: Settings) -> None:
    """It ends by itself when its keeper is gone."""
    pid = await ready(home_of(settings))
    (keeper,) = await status(home_of(settings))
    os.kill(keeper.pid, signal.SIGKILL)
    await ended(pid)
    assert take_spare(settings) is None


async def test_just_ended(settings: Settings) -> None:
    """Who is handed one that serves no longer gets none."""
    gone = "import os, signal, socket; socket.socket(fileno=0).shutdown(2); os.close(1); signal.pause()"
    async with temporary_home() as home:
        ended_one = replace(settings, home=home, spare=Spare((sys.executable, "-c", gone), {}))
        await run(ended_one)
        pid = await ready(home)
        try:
            assert take_spare(ended_one) is None
            (keeper,) = await status(home)
            assert keeper.spare is None
        finally:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("command", [("/nowhere/python",), (sys.executable, "-c", "")])
async def test_cannot_be_started(command: tuple[str, ...]) -> None:
    """A command that does not exist, or ends at once, costs a run nothing but the spare."""
    async with temporary_home() as home:
        settings = Settings("embedded", home=home, spare=Spare(command, {}))
        for _ in range(2):
            pair = await open_pair(settings, redis=False, tell=lambda _: None)
            await pair.close()
            await prepared(home)
        assert take_spare(settings) is None


async def test_given_up_while_it_starts() -> None:
    """One that is let go before it has started is ended, and does not stand in the way of the next."""
    keeps = Ready({"command": DEAF, "environment": {}})
    await asyncio.gather(keeps.refill(), keeps.end())
    assert keeps.pid is None
    await keeps.refill()
    assert keeps.pid is not None
    await keeps.end()


async def test_prepared(tmp_path: Path) -> None:
    """It is ready when it says so, not when it is started; taken before that it is of use nevertheless."""
    os.mkfifo(gate := tmp_path / "gate")
    slow = f"open({str(gate)!r}).read(); {WAITS}"
    async with temporary_home() as home:
        settings = Settings("embedded", home=home, spare=Spare((sys.executable, "-c", slow), {}))
        for taken_early in (False, True):
            pair = await open_pair(settings, redis=False, tell=lambda _: None)
            await pair.close()
            waits = asyncio.create_task(prepared(home))
            opened = await asyncio.to_thread(gate.open, "w")  # it has begun
            await ready(home)
            assert not waits.done()
            taken = take_spare(settings) if taken_early else None
            opened.close()
            if taken is None:
                await waits
                taken = take_spare(settings)
            else:
                waits.cancel()
            assert taken is not None
            with taken.socket:
                assert await asyncio.get_running_loop().run_in_executor(None, taken.socket.recv, 5) == b"ready"
