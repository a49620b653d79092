"""Small services written by hand, put on the bench, and what an exploration says of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.explore.catalogue import read_catalogue
from grader.explore.controller import Controller
from grader.explore.passing import time_passing
from grader.kata import Kata, Submission
from grader.lab import Lab, Request
from grader.lab.actors import LabBench
from grader.verdict import Finding, Inconclusive, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from grader.explore.explorer import Limits
    from grader.explore.values import Held, Run
    from grader.lab import After, Holds
    from grader.replica import Host
    from grader.services import Pair

SCHEMA = """
CREATE TABLE books (
    id int PRIMARY KEY, title text NOT NULL, stock int NOT NULL, version int NOT NULL DEFAULT 1
);
CREATE TABLE log (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text NOT NULL);
"""
GIVEN = {"books": [{"id": 1, "title": "Emma", "stock": 10, "version": 1}], "log": []}
RESTOCKS = (Request("POST", "/restock", {"quantity": "3"}), Request("POST", "/restock", {"quantity": "4"}))
SAVES = (
    Request("POST", "/save", {"version": "1", "title": "Dune"}),
    Request("POST", "/save", {"version": "1", "title": "Ulysses"}),
)
REFUSED = 409

OPENING = '''
import asyncio
import os
import random
from contextlib import asynccontextmanager

import psycopg
from fastapi import BackgroundTasks, FastAPI, Response

free = []


@asynccontextmanager
async def transaction(isolation=None):
    """A transaction on a connection of its own."""
    connection = free.pop() if free else await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
    try:
        await connection.set_isolation_level(isolation)
        async with connection.transaction():
            yield connection
    finally:
        if not connection.closed:
            free.append(connection)


async def stock_of(connection, lock=""):
    cursor = await connection.execute("SELECT stock FROM books WHERE id = 1" + lock)
    return (await cursor.fetchone())[0]


async def write(connection, stock):
    await connection.execute("UPDATE books SET stock = %s WHERE id = 1", [stock])


def create_app():
    app = FastAPI()
    for path, endpoint in globals().items():
        if path in {"restock", "save"}:
            app.post("/" + path)(endpoint)
        if path in {"book"}:
            app.get("/" + path)(endpoint)
    return app
'''
"""What the services have in common: connections, and `restock`, `save` and `book` as endpoints where they have them."""


@dataclass(frozen=True)
class Verdict:
    """What an exploration came to: the outcome, what was said, and how long it took in seconds."""

    outcome: Outcome
    said: str = ""
    finding: Finding | None = None
    schedules: int = 0
    classes: int = 0
    seconds: float = 0.0

    @property
    def token(self) -> str:
        """What replays the finding; empty where there is none."""
        return self.finding.timeline.token if self.finding is not None and self.finding.timeline is not None else ""

    @property
    def anomaly(self) -> str:
        """The finding's name in the field."""
        return self.finding.timeline.anomaly if self.finding is not None and self.finding.timeline is not None else ""


@asynccontextmanager
async def on_the_bench(service: str, folder: Path, pair: Pair, host: Host) -> AsyncIterator[Lab]:
    """Put a service, which is the text of app/main.py, on the bench."""
    (folder / "app").mkdir(parents=True, exist_ok=True)
    (folder / "app" / "main.py").write_text(service)
    (folder / "schema.sql").write_text(SCHEMA)
    lab = Lab(Submission(Kata(0, "handmade", "", 1, 1, (), (), ("postgres",), ()), folder, (folder,)), pair, host)
    try:
        await lab.reset("handmade", check="the-check", title="It holds")
        yield lab
    finally:
        await lab.close()


async def explored(lab: Lab, requests: Sequence[Request], holds: Holds, limits: Limits | None = None) -> Verdict:
    """Return what exploring the requests on the bench comes to."""
    clock = asyncio.get_running_loop().time
    started = clock()

    def verdict(outcome: Outcome, said: str = "", finding: Finding | None = None) -> Verdict:
        extent = lab.explored
        return Verdict(outcome, said, finding, extent.schedules, extent.classes, clock() - started)

    try:
        await lab.every_interleaving(given=GIVEN, requests=requests, holds=holds, limits=limits)
    except Finding as finding:
        return verdict(Outcome.FAILED, str(finding), finding)
    except Inconclusive as inconclusive:
        return verdict(Outcome.INCONCLUSIVE, str(inconclusive))
    return verdict(Outcome.PASSED)


async def restocks_add_up(after: After) -> None:
    """Every restock that was answered 200 is in the stock; a refused one is not."""
    statuses = [answer.status if answer is not None else 0 for answer in after.answers]
    done = sum(q for q, status in zip((3, 4), statuses, strict=True) if status == 200)
    rows = await after.lab.rows.fetch("SELECT stock FROM books")
    if rows != [(10 + done,)] or not set(statuses) <= {200, REFUSED}:
        raise Finding("restocked twice", f"answered {statuses}, stock is {rows}", f"it is {10 + done}")


async def one_save_wins(after: After) -> None:
    """Of two saves of the same version one is answered 200 and stands in the row."""
    statuses = [answer.status if answer is not None else 0 for answer in after.answers]
    rows = await after.lab.rows.fetch("SELECT title, version FROM books")
    winner = "Dune" if statuses[0] == 200 else "Ulysses"
    if sorted(statuses) != [200, REFUSED] or rows != [(winner, 2)]:
        raise Finding("saved twice", f"answered {statuses}, the book is {rows}", "one of them wins")


async def both_answer(after: After) -> None:
    """Both requests are answered 200, whatever the rows are."""
    statuses = [answer.status if answer is not None else 0 for answer in after.answers]
    if statuses != [200, 200]:
        raise Finding("asked twice", f"answered {statuses}", "both answer 200")


async def it_shows_both(after: After) -> None:
    """The service itself, asked afterwards, shows a stock with both restocks."""
    shown = (await after.lab.send(Request("GET", "/book"))).json()
    if shown != 17:
        raise Finding("restocked twice, and asked for the stock", f"it is {shown}", "it is 17")


@asynccontextmanager
async def controlled(
    lab: Lab, requests: Sequence[Request] = RESTOCKS, between: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[Controller]:
    """Put two requests under a controller, with their replicas warm and their time held."""
    actors = [await lab.actor(name, request) for name, request in zip("AB", requests, strict=True)]
    monitor = await lab.monitor()
    bench = LabBench(actors, recorder=lab.recorder, rows=lab.rows, given=GIVEN, monitor=monitor, prepare=lab.prepare)
    for actor in actors:
        actor.hold_time()
        await bench.fresh()
        async with time_passing(actors):
            await (await actor.start())
    yield Controller(bench, await read_catalogue(lab.rows.fetch), between)
    bench.free_time()


def in_turn(*schedule: str) -> Callable[[Run, Sequence[Held]], str | None]:
    """Return a way to choose that follows a schedule, and then takes who is first by name."""

    def choose(run: Run, held: Sequence[Held]) -> str | None:
        at = len(run.decisions)
        return schedule[at] if at < len(schedule) else min(one.actor for one in held)

    return choose
