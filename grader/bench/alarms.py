"""False alarms: schedules of designs that are right, of which none may break the invariant.

All schedules of two requests are run, then seeded random ones of three, until there are as many as wanted.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.explore.catalogue import read_catalogue
from grader.explore.controller import Controller, Stuck
from grader.explore.every import Every
from grader.grade import named_services
from grader.kata import Kata, Submission
from grader.lab import Answer, Lab, Request
from grader.lab.actors import LabBench
from grader.replica import Host
from grader.services import open_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from grader.explore.values import Held, Run

    Choose = Callable[[Run, Sequence[Held]], str]

SCHEDULES = 10_000
QUANTITIES = (3, 4, 5)
SCHEMA = """
CREATE TABLE stock (id int PRIMARY KEY, count int NOT NULL, version int NOT NULL DEFAULT 1);
"""
SERVICE = """
import asyncio
import os
from contextlib import asynccontextmanager

import psycopg
from fastapi import FastAPI, Response

free = []


@asynccontextmanager
async def transaction(isolation=None):
    connection = free.pop() if free else await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
    try:
        await connection.set_isolation_level(isolation)
        async with connection.transaction():
            yield connection
    finally:
        free.append(connection)


async def read(connection, lock=""):
    cursor = await connection.execute("SELECT count, version FROM stock WHERE id = 1" + lock)
    return await cursor.fetchone()


async def locked(connection, quantity):
    count, _ = await read(connection, " FOR UPDATE")
    await connection.execute("UPDATE stock SET count = %s WHERE id = 1", [count + quantity])
    return 200


async def atomic(connection, quantity):
    await connection.execute("UPDATE stock SET count = count + %s WHERE id = 1", [quantity])
    return 200


async def versioned(connection, quantity):
    count, version = await read(connection)
    cursor = await connection.execute(
        "UPDATE stock SET count = %s, version = version + 1 WHERE id = 1 AND version = %s", [count + quantity, version]
    )
    return 200 if cursor.rowcount else 409


async def advisory(connection, quantity):
    await connection.execute("SELECT pg_advisory_xact_lock(1)")
    return await unlocked(connection, quantity)


async def upserted(connection, quantity):
    await connection.execute(
        "INSERT INTO stock (id, count) VALUES (2, %s) "
        "ON CONFLICT (id) DO UPDATE SET count = stock.count + EXCLUDED.count",
        [quantity],
    )
    return 200


async def unlocked(connection, quantity):
    count, _ = await read(connection)
    await connection.execute("UPDATE stock SET count = %s WHERE id = 1", [count + quantity])
    return 200


DESIGNS = {design.__name__: design for design in (locked, atomic, versioned, advisory, upserted, unlocked)}


def create_app():
    app = FastAPI()

    @app.post("/{design}")
    async def restock(design: str, quantity: int, response: Response):
        while True:
            isolation = psycopg.IsolationLevel.SERIALIZABLE if design == "serializable" else None
            try:
                async with transaction(isolation) as connection:
                    response.status_code = await DESIGNS.get(design, unlocked)(connection, quantity)
                    return
            except psycopg.errors.SerializationFailure:
                continue

    return app
"""
DESIGNS = {
    "FOR UPDATE": "locked",
    "atomic UPDATE": "atomic",
    "version column": "versioned",
    "SERIALIZABLE with retry": "serializable",
    "advisory lock": "advisory",
    "ON CONFLICT": "upserted",
}
WRONG = "unlocked"
"""The design that alarms must come of, so that their absence says something."""
GIVEN = {"stock": [{"id": 1, "count": 10}]}


@dataclass(slots=True)
class Count:
    """Schedules that were run, different ones among them, and those that looked wrong."""

    schedules: int = 0
    different: int = 0
    alarms: int = 0


class Design:
    """One design on the bench, with two or three requests at once."""

    def __init__(self, lab: Lab, path: str) -> None:
        self._lab = lab
        self._path = path
        self._random = random.Random(path)  # noqa: S311 -- schedules, not secrets
        self._seen: set[tuple[str, ...]] = set()
        self.count = Count()

    async def run(self, wanted: int) -> Count:
        """Run so many schedules and count what looks wrong; `wanted` bounds the exhaustive part too."""
        count = self.count
        controller = await self._controller(2)
        every = Every()
        while count.schedules < wanted and (choose := every.next()) is not None:
            every.took(await self._one(controller, choose))
        controller = await self._controller(3)
        while count.schedules < wanted:
            await self._one(controller, lambda _, held: self._random.choice(sorted(one.actor for one in held)))
        return count

    async def _controller(self, requests: int) -> Controller:
        lab = self._lab
        wanted = [Request("POST", f"/{self._path}", {"quantity": str(n)}) for n in QUANTITIES[:requests]]
        actors = [await lab.actor(name, request) for name, request in zip("ABC", wanted, strict=False)]
        bench = LabBench(
            actors,
            recorder=lab.recorder,
            rows=lab.rows,
            given=GIVEN,
            monitor=await lab.monitor(),
            prepare=lab.prepare,
        )
        for actor in actors:
            await bench.fresh()
            await (await actor.start())
            actor.hold_time()
        return Controller(bench, await read_catalogue(lab.rows.fetch))

    async def _one(self, controller: Controller, choose: Choose) -> Run:
        try:
            run = await controller.run(choose)
            is_right = await self._is_right(controller.answers)
        except Stuck as stuck:
            run, is_right = stuck.run, False
        self._seen.add(run.schedule)
        self.count.schedules += 1
        self.count.different = len(self._seen)
        self.count.alarms += not is_right
        return run

    async def _is_right(self, answers: Sequence[Answer]) -> bool:
        """Whether what was answered 200, and nothing else, is in the stock, and somebody was answered 200."""
        done = [q for q, answer in zip(QUANTITIES, answers, strict=False) if answer.status == 200]  # noqa: PLR2004 -- OK
        refused = [answer for answer in answers if answer.status == 409]  # noqa: PLR2004 -- Conflict
        rows = await self._lab.rows.fetch("SELECT sum(count) FROM stock")
        return rows == [(10 + sum(done),)] and bool(done) and len(done) + len(refused) == len(answers)


def _write(folder: Path) -> Path:
    folder.chmod(0o755)  # replicas are other users where this is root
    (folder / "app").mkdir()
    (folder / "app" / "main.py").write_text(SERVICE, encoding="utf-8")
    (folder / "schema.sql").write_text(SCHEMA, encoding="utf-8")
    return folder


@asynccontextmanager
async def _bench() -> AsyncIterator[Lab]:
    """Put the service on the bench."""
    pair = await open_pair(named_services(), redis=False, tell=print)
    host = Host()
    host.begin()
    try:
        with tempfile.TemporaryDirectory(prefix="katas-bench-") as name:
            folder = _write(Path(name))
            kata = Kata(0, "alarms", "", 1, 1, (), (), ("postgres",), ())
            lab = Lab(Submission(kata, folder, (folder,)), pair, host)
            try:
                await lab.reset("alarms")
                yield lab
            finally:
                await lab.close()
    finally:
        await host.close()
        await pair.close()


async def count(schedules: int) -> dict[str, Count]:
    """Run so many schedules of all designs together, and a few of the wrong one; return the counts by name."""
    async with _bench() as lab:
        each = -(-schedules // len(DESIGNS))
        found = {}
        for name, path in DESIGNS.items():
            started = time.perf_counter()
            found[name] = await Design(lab, path).run(each)
            _show(name, found[name], time.perf_counter() - started)
        found[WRONG] = await Design(lab, WRONG).run(20)
        _show("no lock, which is wrong", found[WRONG])
        return found


def _show(name: str, count: Count, seconds: float = 0.0) -> None:
    counts = f"{count.schedules:>7} schedules {count.different:>6} different {count.alarms:>5} alarms"
    rate = f"{count.schedules / seconds:8.1f} a second" if seconds else ""
    print(f"{name:<26} {counts} {rate}".rstrip(), flush=True)  # noqa: T201 -- a bench prints


def main(schedules: int = SCHEDULES) -> None:
    """Count and print; leave with status 1 where there was an alarm, or none of the wrong design."""
    found = asyncio.run(count(schedules))
    caught = found.pop(WRONG).alarms
    alarms = sum(one.alarms for one in found.values())
    print(f"{sum(one.schedules for one in found.values())} schedules, {alarms} alarms (mark 0)")  # noqa: T201 -- likewise
    if alarms or not caught:
        sys.exit(1)
