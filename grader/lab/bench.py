"""One submission on the bench."""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from grader.lab.http import Answer, Budget, Request, printed
from grader.lab.rows import Rows
from grader.lab.station import Station
from grader.replica import BootError, Host, Limits, SubmissionError
from grader.services import Database, Pair, SchemaError
from grader.verdict import Evidence, Finding, Place
from grader.wire import Recorder, Statement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grader.kata import Submission

REPLICAS = ("A", "B")


class Unusable(Exception):  # noqa: N818 -- an outcome, not an error of the grader
    """The submission could not be put to work; nothing of it can be checked.

    `evidence` holds what the learner needs to see, their traceback first.
    """

    def __init__(self, reason: str, evidence: tuple[Evidence, ...] = (), place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
        self.place = place


class Lab:
    """A submission with a database of its own and two replicas, A and B, each behind its own wire.

    Between checks `reset` empties every table, and puts new processes and a new database where the old ones were
    harmed. `random` is seeded for each check, so that every run makes the same rows.
    """

    def __init__(
        self, submission: Submission, pair: Pair, host: Host, budget: Budget | None = None, limits: Limits | None = None
    ) -> None:
        self.submission = submission
        self.recorder = Recorder()
        self.random = random.Random(0)  # noqa: S311 -- examples, not secrets
        self._pair = pair
        self._host = host
        self._budget = budget or Budget()
        self._limits = limits or Limits()
        self._folder: Path | None = None
        self._database: Database | None = None
        self._rows: Rows | None = None
        self._stations: dict[str, Station] = {}

    def _copy(self) -> Path:
        if len(self.submission.layers) == 1:
            return self._host.copy(self.submission.folder)
        with tempfile.TemporaryDirectory(dir=self._host.directory) as folder:
            self.submission.write_to(Path(folder))
            return self._host.copy(Path(folder))

    async def _build(self) -> None:
        try:
            if self._folder is None:
                self._folder = await asyncio.to_thread(self._copy)
        except SubmissionError as error:
            raise Unusable(str(error)) from error
        try:
            self._database = await self._pair.database(self._schema(self._folder))
        except SchemaError as error:
            raise _unusable(error) from error
        try:
            self._rows = await Rows.open(self._database)
        except psycopg.Error as error:
            raise Unusable(f"after schema.sql the database does not let its own role in: {error}") from error
        redis = self._pair.redis if "redis" in self.submission.kata.services else None
        self._stations = {
            name: Station(name, self._host, self._folder, self._limits, self.recorder, self._database, redis)
            for name in REPLICAS
        }
        self._stations[REPLICAS[0]].begin()

    async def _serve(self, name: str) -> Station:
        """Return the station of this name when its replica serves."""
        try:
            await self._stations[name].start()
        except BootError as error:
            raise _unusable(error) from error
        return self._stations[name]

    @staticmethod
    def _schema(folder: Path) -> str:
        try:
            return (folder / "schema.sql").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f"schema.sql cannot be read: {error}") from error

    async def reset(self, seed: str) -> None:
        """Make all as new for the next check: empty tables, random numbers from `seed`; the first time, everything.

        Unusable where the submission cannot be copied or its schema is refused; whether its replicas start is known
        when the first request is sent.
        """
        self.random = random.Random(seed)  # noqa: S311 -- examples, not secrets
        self.recorder.clear()
        if self._rows is None or not await self._rows.empty():
            await self._clear()
            await self._build()
        if "redis" in self.submission.kata.services:
            await self._pair.flush_redis()

    async def end_check(self) -> None:
        """Raise a Finding where the service has opened itself a way to the database that does not pass the wire."""
        if self._database is not None and not await self._pair.has_its_password(self._database):
            await self._clear()
            raise Finding(
                "looked at the service's role in the database",
                "its password is not the one that it was given",
                "the service comes to its database by DATABASE_URL only",
            )

    async def close(self) -> None:
        """End the replicas and drop the database; the copy goes with the host."""
        await self._clear()

    async def _clear(self) -> None:
        stations, self._stations = self._stations, {}
        await asyncio.gather(*(station.close() for station in stations.values()))
        if self._rows is not None:
            await self._rows.close()
            self._rows = None
        if self._database is not None:
            await self._pair.drop(self._database)
            self._database = None

    @property
    def rows(self) -> Rows:
        """The submission's tables, written and read beside the service, as its own role."""
        assert self._rows is not None  # noqa: S101 -- a check runs between open() and close()
        return self._rows

    async def send(self, request: Request, *, to: str = "A", most_statements: int | None = None) -> Answer:
        """Send one request to a replica and return its answer.

        A Finding where none comes: the process ended, or the request went over its budget; Stopped where it went on
        after `most_statements`. That replica is then ended, and a new one started for the next request.
        """
        station = await self._serve(to)
        budget = replace(self._budget, statements=most_statements) if most_statements else self._budget
        return await station.send(request, budget)

    async def send_holding(
        self, request: Request, *, before: int, act: Callable[[], Awaitable[None]], to: str = "A"
    ) -> tuple[Answer, bool]:
        """Send a request and `act` before its statement number `before` (from 1) reaches the server.

        Return the answer and whether there was such a statement; where there was none, `act` ran after the answer.
        """
        sent = 0

        async def gate(statement: Statement) -> None:  # noqa: ARG001 -- as a Gate is called
            nonlocal sent
            sent += 1
            if sent == before:
                await act()

        station = await self._serve(to)
        answer = await station.send(request, self._budget, gate)
        if sent < before:
            await act()
        return answer, sent >= before


def _unusable(error: BootError | SchemaError) -> Unusable:
    if isinstance(error, SchemaError):
        place = Place("schema.sql", error.line) if error.line else None
        texts = [error.statement or "", f"hint: {error.hint}" if error.hint else ""]
        shown = tuple(line for text in texts for line in text.splitlines()[:12])
        return Unusable(f"schema.sql was refused: {error.message}", (Evidence("the statement", shown),), place)
    evidence = (Evidence("traceback", tuple(error.traceback.splitlines())),) if error.traceback else ()
    place = Place(error.file, error.line) if error.file and error.line else None
    return Unusable(error.reason, (*evidence, *printed(error.log)), place)
