"""All schedules of a scenario, on the real servers: what was done, and what came of each."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.explore.catalogue import read_catalogue
from grader.explore.controller import Controller
from grader.explore.every import Every
from grader.kata import Kata, Submission
from grader.lab import Lab, Request
from grader.lab.actors import LabBench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from grader.explore.values import Run
    from grader.replica import Host
    from grader.services import Pair
    from grader.tests.explore.scenarios import Scenario

SERVICE = """
import os

import psycopg
import redis.asyncio
from fastapi import FastAPI, Request


def first(cursor):
    return cursor.description is not None


def create_app():
    app = FastAPI()
    held = {}

    async def database():
        if "database" not in held or held["database"].closed:
            held["database"] = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
        return held["database"]

    @app.post("/run")
    async def run(request: Request):
        seen = []
        cache = held.setdefault("redis", redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True))
        connection = await database()
        for template in await request.json():
            text = template.format(*seen) if "{" in template else template
            if text.startswith("redis "):
                try:
                    answer = await cache.execute_command(*text.split()[1:])
                except redis.exceptions.ResponseError as error:
                    answer = str(error).split()[0]
                seen.append("" if answer is None else "OK" if answer is True else answer)
                continue
            try:
                cursor = await connection.execute(text)
            except psycopg.Error as error:
                seen.append(error.sqlstate)
                if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                    await connection.execute("ROLLBACK")
                break
            rows = await cursor.fetchall() if cursor.description else []
            seen.append(rows[0][0] if rows else None if cursor.description else cursor.rowcount)
        return seen

    return app
"""


@dataclass(frozen=True)
class Seen:
    """One schedule and its outcome: what the scripts saw, and the rows afterwards."""

    run: Run
    outcome: str


class Oracle:
    """A scenario on the bench."""

    def __init__(self, scenario: Scenario, lab: Lab, controller: Controller, actors: Sequence[str]) -> None:
        self.scenario = scenario
        self.actors = actors
        self._lab = lab
        self.controller = controller

    async def outcome(self) -> str:
        """Return what came of the last run."""
        looks = [self.scenario.look] if self.scenario.look else map(_all_of, self.scenario.given)
        rows = [await self._lab.rows.fetch(look) for look in looks]
        return json.dumps([[answer.json() for answer in self.controller.answers], rows], default=str)

    async def all_schedules(self) -> list[Seen]:
        """Run every schedule there is, up to the scenario's bound, with nothing left out."""
        found: list[Seen] = []
        every = Every()
        while len(found) < self.scenario.most and (choose := every.next()) is not None:
            run = await self.controller.run(choose)
            found.append(Seen(run, await self.outcome()))
            every.took(run)
        return found


def _all_of(table: str) -> str:
    return f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608 -- a table of our own


@asynccontextmanager
async def on_the_bench(scenario: Scenario, folder: Path, pair: Pair, host: Host) -> AsyncIterator[Oracle]:
    """Put a scenario's scripts on the bench: a service that runs what it is sent, one replica a script."""
    (folder / "app").mkdir(parents=True, exist_ok=True)
    (folder / "app" / "main.py").write_text(SERVICE)
    (folder / "schema.sql").write_text(scenario.schema)
    kata = Kata(0, "oracle", "", 1, 1, (), (), ("postgres", "redis"), ())
    lab = Lab(Submission(kata, folder, (folder,)), pair, host)
    try:
        await lab.reset(scenario.name)
        names = "ABC"[: len(scenario.scripts)]
        actors = [
            await lab.actor(name, Request("POST", "/run", json=script))
            for name, script in zip(names, scenario.scripts, strict=True)
        ]
        bench = LabBench(
            actors,
            recorder=lab.recorder,
            rows=lab.rows,
            given=scenario.given,
            monitor=await lab.monitor(),
            prepare=lab.prepare,
            ask_redis=lab.redis,
        )
        for actor in actors:
            await bench.fresh()
            await (await actor.start())
            actor.hold_time()
        controller = Controller(bench, await read_catalogue(lab.rows.fetch))
        yield Oracle(scenario, lab, controller, names)
    finally:
        await lab.close()
