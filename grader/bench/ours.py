"""The same lost update by our explorer: pairs of replicas that answer HTTP, every step of theirs held."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from grader.bench.figures import Figures
from grader.explore.catalogue import read_catalogue
from grader.explore.controller import Controller
from grader.explore.every import Every
from grader.explore.explorer import CONFIRMED
from grader.grade import named_services
from grader.kata import Kata, Submission
from grader.lab import After, Lab, Request
from grader.lab.actors import LabBench
from grader.replica import Host
from grader.services import open_pair
from grader.verdict import Finding

if TYPE_CHECKING:
    from grader.services import Pair

TIMES = 10
"""How often all 14 schedules are run in a round, in each lane."""
LANES = 2
"""As in a verdict, where two checks are made side by side."""
GIVEN = {"account": [{"id": 1, "balance": 0}]}
SERVICE = """
import os

import {driver}
from fastapi import FastAPI


def create_app():
    app = FastAPI()
    held = []

    async def connect():
        if not held:
            held.append(await {connect}(os.environ["DATABASE_URL"]))
        return held[0]

    @app.post("/add")
    async def add(locked: bool = False):
        connection = await connect()
        async with connection.transaction():
            lock = " FOR UPDATE" if locked else ""
            {work}

    return app
"""
DRIVERS = {
    "asyncpg": {
        "connect": "asyncpg.connect",
        "work": """balance = await connection.fetchval(f"SELECT balance FROM account WHERE id = 1{lock}")
            await connection.execute("UPDATE account SET balance = $1 WHERE id = 1", balance + 1)""",
    },
    "psycopg": {
        "connect": "psycopg.AsyncConnection.connect",
        "work": """cursor = await connection.execute(f"SELECT balance FROM account WHERE id = 1{lock}")
            (balance,) = await cursor.fetchone()
            await connection.execute("UPDATE account SET balance = %s WHERE id = 1", [balance + 1])""",
    },
}
"""How the service does it with each driver; asyncpg, in C for the most part, is the faster."""


class Explorer:
    """Two replicas of the service on each of two benches; each call is one round. It is a context manager."""

    def __init__(self, driver: str) -> None:
        self._service = SERVICE
        for name, text in {"driver": driver, **DRIVERS[driver]}.items():
            self._service = self._service.replace(f"{{{name}}}", text)
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="katas-bench-")
        self._host = Host()
        self._pair: Pair | None = None
        self._labs: list[Lab] = []

    def __enter__(self) -> Self:
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())
        self._runner.close()
        self._folder.cleanup()

    def __call__(self) -> Figures:
        """Run all schedules, look for the first counterexample, and certify the version with FOR UPDATE."""
        return self._runner.run(self._measure())

    async def _open(self) -> None:
        folder = self._write()
        self._host.begin()
        self._pair = await open_pair(named_services(), redis=False, tell=print)
        kata = Kata(0, "bench", "", 1, 1, (), (), ("postgres",), ())
        self._labs = [Lab(Submission(kata, folder, (folder,)), self._pair, self._host) for _ in range(LANES)]
        for lab in self._labs:
            await lab.reset("bench")
        gc.freeze()  # as pytest's plugin does

    def _write(self) -> Path:
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # replicas are other users where this is root
        (folder / "app").mkdir()
        (folder / "app" / "main.py").write_text(self._service, encoding="utf-8")
        (folder / "schema.sql").write_text("CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);")
        return folder

    async def _close(self) -> None:
        for lab in self._labs:
            await lab.close()
        await self._host.close()
        if self._pair is not None:
            await self._pair.close()

    async def _measure(self) -> Figures:
        for lab in self._labs:
            await self._verdict(lab, locked=False)  # what is done once: connecting, imports
        started = time.perf_counter()
        schedules = sum(await asyncio.gather(*(self._all_schedules(lab) for lab in self._labs)))
        seconds = time.perf_counter() - started
        lab = self._labs[0]
        started = time.perf_counter()
        looks = await self._verdict(lab, locked=False)
        confirmed = time.perf_counter() - started
        counterexample = next(at for at, lost in looks if lost) - started
        complete = looks[-1 - CONFIRMED][0] - started
        started = time.perf_counter()
        await self._verdict(lab, locked=True)
        certified = time.perf_counter() - started
        return Figures(schedules, seconds, counterexample, certified, f"{schedules} schedules", complete, confirmed)

    @staticmethod
    async def _verdict(lab: Lab, *, locked: bool) -> list[tuple[float, bool]]:
        """Explore until the verdict; return when each run was over and if it lost an update.

        Where one did, the last `CONFIRMED` of them ran it again.
        """
        looks: list[tuple[float, bool]] = []

        async def holds(after: After) -> None:
            lost = await after.lab.rows.fetch("SELECT balance FROM account") != [(2,)]
            looks.append((time.perf_counter(), lost))
            if lost:
                raise Finding("added 1 twice", "one is lost", "the balance is 2")

        requests = [Request("POST", "/add", {"locked": str(locked)})] * 2
        with suppress(Finding):
            await lab.every_interleaving(given=GIVEN, requests=requests, holds=holds)
        return looks

    @staticmethod
    async def _all_schedules(lab: Lab) -> int:
        """Run every schedule there is, so many times, with nothing left out; return how many."""
        actors = [await lab.actor(name, Request("POST", "/add")) for name in "AB"]
        bench = LabBench(
            actors,
            recorder=lab.recorder,
            rows=lab.rows,
            given=GIVEN,
            monitor=await lab.monitor(),
            prepare=lab.prepare,
        )
        controller = Controller(bench, await read_catalogue(lab.rows.fetch))
        ran = 0
        for _ in range(TIMES):
            every = Every()
            while (choose := every.next()) is not None:
                every.took(await controller.run(choose))
                ran += 1
        return ran
