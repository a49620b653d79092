"""A service of one process that works off jobs, put on the bench."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from grader.kata import Kata, Submission
from grader.lab import Lab
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from grader.lab import After
    from grader.replica import Host
    from grader.services import Pair

SCHEMA = "CREATE TABLE jobs (id int PRIMARY KEY, done boolean NOT NULL DEFAULT false);"
JOBS = {"jobs": [{"id": 1}, {"id": 2}]}
MAIN = """
from fastapi import FastAPI


def create_app():
    return FastAPI()
"""
OPENING = '''
import asyncio
import os
import signal

import psycopg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TAKE = "SELECT id FROM jobs WHERE NOT done ORDER BY id LIMIT 1"
DONE = "UPDATE jobs SET done = true WHERE id = %s"


async def main():
    """Do one job a round, and sleep for a minute between two."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    told = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=1, retry=Retry(NoBackoff(), 0))
    connection = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
    while not stopped.is_set():
        try:
            await work(connection, told)
        except RedisError as error:
            print(type(error).__name__)
            await connection.rollback()
        try:
            async with asyncio.timeout(60):
                await stopped.wait()
        except TimeoutError:
            pass
'''
CLOSING = """

if __name__ == "__main__":
    asyncio.run(main())
"""
TELL_THEN_MARK = '''

async def work(connection, told):
    """Tell of a job, then mark it as done; no lock."""
    async with connection.transaction():
        for (job,) in await (await connection.execute(TAKE)).fetchall():
            await told.rpush("done", job)
            await connection.execute(DONE, [job])
'''
LOCKED = TELL_THEN_MARK.replace("execute(TAKE)", 'execute(TAKE + " FOR UPDATE SKIP LOCKED")').replace("; no lock", "")
MARK_THEN_TELL = '''

async def work(connection, told):
    """Mark a job as done and commit, then tell of it."""
    async with connection.transaction():
        jobs = await (await connection.execute(TAKE + " FOR UPDATE SKIP LOCKED")).fetchall()
        for (job,) in jobs:
            await connection.execute(DONE, [job])
    for (job,) in jobs:
        await told.rpush("done", job)
'''
WAITS_IN_REDIS = '''

async def work(connection, told):
    """Wait for a job in Redis, and mark it as done."""
    popped = await told.blpop(["todo"], timeout=0.5)
    async with connection.transaction():
        await connection.execute(DONE, [int(popped[1]) if popped else 0])
'''


@asynccontextmanager
async def working(work: str, folder: Path, pair: Pair, host: Host) -> AsyncIterator[Lab]:
    """Put a process on the bench whose rounds are `work`."""
    (folder / "app").mkdir(parents=True, exist_ok=True)
    (folder / "app" / "__init__.py").write_text("")
    (folder / "app" / "main.py").write_text(MAIN)
    (folder / "app" / "worker.py").write_text(OPENING + work + CLOSING)
    (folder / "schema.sql").write_text(SCHEMA)
    services = ("postgres", "redis")
    kata = Kata(0, "loops", "", 1, 1, (), (), services, (), processes={"worker": "app.worker"})
    lab = Lab(Submission(kata, folder, (folder,)), pair, host)
    try:
        await lab.reset("loops", check="the-check", title="It holds")
        yield lab
    finally:
        await lab.close()


async def done_of(lab: Lab) -> list[int]:
    """Return the jobs that are marked as done."""
    return [job for (job,) in await lab.rows.fetch("SELECT id FROM jobs WHERE done ORDER BY id")]


async def told_of(lab: Lab) -> list[str]:
    """Return the jobs that were told of, in the order in which they were."""
    return list(await lab.redis("LRANGE", "done", "0", "-1"))


async def told_once_each(after: After) -> None:
    """Every job that is marked was told of once."""
    told, done = await told_of(after.lab), await done_of(after.lab)
    if sorted(told) != [str(job) for job in done]:
        raise Finding("let workers work", f"done are {done}, told was {sorted(told)}", "each once")


async def told_at_least_once(after: After) -> None:
    """Every job is told of in the end, once or more often."""
    worker = after.lab.process("worker")

    async def all_told() -> bool:
        return {"1", "2"} <= set(await told_of(after.lab))

    if not await after.lab.rounds(worker, until=all_told, seconds=0.3):
        raise Finding("let a worker crash", f"told was {await told_of(after.lab)}", "every job is told of")
