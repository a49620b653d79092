"""`kata services`: what is warm, for whom, and its end."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import psutil

from grader.services import Settings, Spare, open_pair, prepared
from grader.tests.services.conftest import temporary_home

if TYPE_CHECKING:
    from grader.tests.cli.clone import Clone


async def test_pairs_are_described(clone: Clone) -> None:
    """Each pair has its processes, since when it runs, and who leases it; `stop` ends them all."""
    async with temporary_home() as home:

        async def said(*words: str) -> str:
            done = await asyncio.to_thread(clone.kata, "services", *words, BACKEND_KATAS_SERVICES_HOME=str(home))
            assert done.status == 0, done.err
            return done.out

        assert await said() == "No embedded servers are running. The next run starts them.\n"
        waits = Spare((sys.executable, "-c", "import os, signal; os.close(1); signal.pause()"), {})
        settings = Settings("embedded", home=home, spare=waits)
        pair = await open_pair(settings, redis=True, tell=lambda _: None)
        other = await open_pair(settings, redis=False, tell=lambda _: None)
        await other.close()
        await prepared(home)
        first, second, third, fourth = (await said("status")).splitlines()
        assert first.startswith("2 pairs of servers in ")
        assert "redis -" not in second
        assert " s), " in second
        assert second.endswith(f"leased to process {os.getpid()}")
        assert "redis -" in third
        assert third.endswith("idle")
        assert fourth.endswith(", which makes the next run's replicas")
        number = int(fourth.split()[2].rstrip(","))
        assert psutil.Process(number).cmdline() == list(waits.command)
        await pair.close()
        assert (await said("stop")).startswith("Stopped 2 pairs of servers in ")
        assert await said("stop") == "No embedded servers are running.\n"
        assert not psutil.pid_exists(number)
