"""One submission on the bench."""

from __future__ import annotations

import asyncio
import math
import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import psycopg

from grader.explore.rest import Deadline, Motion
from grader.lab.actors import LabActor, ProcessActor
from grader.lab.apart import apart
from grader.lab.extent import Extent
from grader.lab.http import Answer, Budget, Request
from grader.lab.monitor import Monitor
from grader.lab.process import Process
from grader.lab.rows import Rows
from grader.lab.station import Ground, RedisIs, Station, wire_to
from grader.lab.unusable import Unusable, unusable
from grader.replica import BootError, Host, Limits, SubmissionError
from grader.services import Database, Pair, SchemaError
from grader.verdict import Finding
from grader.wire import PostgresProxy, Recorder, RedisProxy, Statement
from grader.wire.outside import OutsideService, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from grader.explore.explorer import Limits as ExploringLimits
    from grader.explore.token import Token
    from grader.kata import Submission
    from grader.lab.after import Holds, Retry, SetUp, Tables
    from grader.lab.apart import Apart
    from grader.lab.debugging import Stop
    from grader.lab.exploring import Exploration
    from grader.replica import Replica
    from grader.wire import Category
    from grader.wire.outside import Call, Handler
    from grader.wire.proxy import Proxy

    Between = Callable[[], Awaitable[None]]
    """Awaited before each step of an exploration."""
    from grader.lab.playing import Player

REPLICAS = "ABC"
LOOK_SECONDS = 0.02
"""How often processes make a round while only the servers' clocks are waited for."""
OF_A_PROCESS = 2
"""Places for one background process: it may run twice at once."""


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
        self._ground: Ground | None = None
        self._stations: dict[str, Station] = {}
        self._processes: dict[str, list[Process]] = {}
        self._monitor: Monitor | None = None
        self.check = ""
        """The id of the check that is made, as replay tokens name it."""
        self.title = ""
        self.replay: Token | None = None
        """The one schedule or crash that is wanted, instead of all."""
        self.stop: Stop | None = None
        """The step of the replayed schedule at which a debugger is waited for."""
        self.outside: Handler | None = None
        """Answers the calls to the service outside; a check sets it before its first request."""
        self.player: Player | None = None
        """Is handed the explorations of a check, instead of their being run."""
        self.explored = Extent()
        self._explorations = 0

    def _copy(self) -> Path:
        if len(self.submission.layers) == 1:
            return self._host.copy(self.submission.folder)
        with tempfile.TemporaryDirectory(dir=self._host.directory) as folder:
            self.submission.write_to(Path(folder))
            return self._host.copy(Path(folder))

    async def _copied(self) -> Path:
        try:
            return await asyncio.to_thread(self._copy)
        except SubmissionError as error:
            raise Unusable(str(error)) from error

    async def _build(self) -> None:
        if self._folder is None:
            self._folder = await self._copied()
        try:
            self._database = await self._pair.database(self._schema(self._folder))
        except SchemaError as error:
            raise unusable(error) from error
        try:
            self._rows = await Rows.open(self._database)
        except psycopg.Error as error:
            raise Unusable(f"after schema.sql the database does not let its own role in: {error}") from error
        kata = self.submission.kata
        redis = self._pair.redis if "redis" in kata.services else None
        self._ground = Ground(
            host=self._host,
            folder=self._folder,
            limits=self._limits,
            recorder=self.recorder,
            database=self._database,
            redis=redis,
            outside=kata.outside,
            handler=self._answer_outside,
            environment=dict(kata.environment),
            keep_results=bool(kata.processes),  # what requests and rounds saw is part of an event's story
        )
        self._stations = {name: Station(name, self._ground) for name in REPLICAS}
        self._processes = {name: self._places(name, module) for name, module in kata.processes.items()}
        self._stations[REPLICAS[0]].begin()

    def _places(self, process: str, module: str) -> list[Process]:
        """Return the places of a background process; their names are letters, the first that of the process."""
        assert self._ground is not None  # noqa: S101 -- _build() made it
        places: list[Process] = []
        first = ascii_uppercase.index(process[0].upper())
        free = [letter for letter in ascii_uppercase[first:] + ascii_uppercase[:first] if letter not in self._stations]
        for letter in free[:OF_A_PROCESS]:
            station = self._stations[letter] = Station(letter, self._ground, module)
            title = f"{process} {letter}"
            places.append(Process(title, station, ask_redis=self._pair.ask_redis, ended=self._ended))
        return places

    async def _ended(self, processes: Iterable[int]) -> None:
        await (await self.monitor()).ended(processes)

    async def _answer_outside(self, call: Call) -> Reply:
        if self.outside is None:
            return Reply(503)
        return await self.outside(call)

    async def _serve(self, name: str) -> Station:
        """Return the station of this name when its replica serves."""
        try:
            await self._stations[name].start()
        except BootError as error:
            raise unusable(error) from error
        return self._stations[name]

    @staticmethod
    def _schema(folder: Path) -> str:
        try:
            return (folder / "schema.sql").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f"schema.sql cannot be read: {error}") from error

    async def reset(  # noqa: PLR0913 -- what a check is made with, by name
        self,
        seed: str,
        *,
        check: str = "",
        title: str = "",
        replay: Token | None = None,
        stop: Stop | None = None,
        player: Player | None = None,
    ) -> None:
        """Make all as new for the next check: empty tables, random numbers from `seed`; the first time, everything.

        With `replay` the check's explorations try nothing but that, and with `stop` they stop there for a debugger. A
        `player` is handed its explorations instead.

        Unusable where the submission cannot be copied or its schema is refused; whether its replicas start is known
        when the first request is sent.
        """
        self.random = random.Random(seed)  # noqa: S311 -- examples, not secrets
        self.recorder.clear()
        self.check, self.title, self.replay, self.stop, self.player = check, title, replay, stop, player
        self.outside, self.explored, self._explorations = None, Extent(), 0
        for process in (one for places in self._processes.values() for one in places):
            process.leave()
            process.refuse(None)
        await self.let_redis_be(RedisIs.THERE)
        if self._rows is None or not await self._rows.empty():
            await self.clear()
            await self._build()
        await self.set_environment()
        self.set_latency(0)
        await self.prepare()

    async def prepare(self) -> None:
        """Empty what is beside the database: Redis, and the service outside where its handler can `reset`."""
        await self.flush_redis()
        if (reset := getattr(self.outside, "reset", None)) is not None:
            reset()

    async def flush_redis(self) -> None:
        """Empty Redis, if the kata has one."""
        if "redis" in self.submission.kata.services:
            await self._pair.flush_redis()

    async def redis(self, *words: str) -> Any:  # noqa: ANN401 -- any reply
        """Send Redis one command beside the service, and return its answer: a text, a list, None."""
        return await self._pair.ask_redis(*words)

    async def let_redis_be(self, redis_is: RedisIs, *names: str) -> None:
        """Let the replicas and processes of these letters, without any all of them, find Redis so until told again."""
        for name in names or tuple(self._stations):
            await self._stations[name].let_redis_be(redis_is)

    def process(self, name: str, number: int = 1) -> Process:
        """Return a background process of the kata; with `number` 2 another that runs the same module beside it."""
        return self._processes[name][number - 1]

    async def rounds(self, *processes: Process, until: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Let processes make rounds in turn until something is so; False where it is not in so many seconds.

        The seconds have passed on the servers' clocks, and on that of each process, which goes on as it sleeps: on a
        busy machine it has its polls all the same.
        """
        deadline = Deadline(seconds)
        ends = [process.elapsed + seconds for process in processes]
        while not await until():
            if deadline.is_over and all(p.elapsed >= end for p, end in zip(processes, ends, strict=True)):
                return False
            for process in processes:
                await process.round(patient=True)
            if all(p.elapsed >= end for p, end in zip(processes, ends, strict=True)):
                await Motion().until(lambda: deadline.is_over, LOOK_SECONDS)  # only the servers' clocks are waited for
        return True

    async def set_environment(self, **variables: str) -> None:
        """Tell the service these settings beside those that are always set; where they differ it is started anew."""
        assert self._ground is not None  # noqa: S101 -- a check runs between reset() and close()
        wanted = self.submission.kata.environment | variables
        if wanted != self._ground.environment:
            self._ground.environment = wanted
            for station in self._stations.values():
                station.leave()

    def set_latency(self, seconds: float) -> None:
        """Have every round trip between the service and its servers take so much longer; 0 ends it."""
        assert self._ground is not None  # noqa: S101 -- a check runs between reset() and close()
        self._ground.latency = seconds
        for station in self._stations.values():
            station.follow_latency()

    async def end_check(self) -> None:
        """Raise a Finding where the service has opened itself a way to the database that does not pass the wire."""
        if self._database is not None and not await self._pair.has_its_password(self._database):
            await self.clear()
            raise Finding(
                "looked at the service's role in the database",
                "its password is not the one that it was given",
                "the service comes to its database by DATABASE_URL only",
            )

    async def close(self) -> None:
        """End the replicas, drop the database and remove the copy."""
        await self.clear()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def clear(self) -> None:
        """End the replicas and drop the database; what comes next makes them anew, from the same copy."""
        stations, self._stations, self._processes = self._stations, {}, {}
        await asyncio.gather(self._drop(), *(station.close() for station in stations.values()))

    async def _drop(self) -> None:
        if self._rows is not None:
            await self._rows.close()
            self._rows = None
        if self._monitor is not None:
            await self._monitor.close()
            self._monitor = None
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
        self, request: Request, *, before: int | Category, act: Callable[[], Awaitable[None]], to: str = "A"
    ) -> tuple[Answer, bool]:
        """Send a request and `act` before its statement number `before` (from 1) reaches the server.

        Or before its first statement of that category. Return the answer and whether there was such a statement; where
        there was none, `act` ran after the answer.
        """
        sent, acted = 0, False

        async def gate(statement: Statement) -> None:
            nonlocal sent, acted
            sent += 1
            if not acted and before in {sent, *(part.category for part in statement.step)}:
                acted = True
                await act()

        station = await self._serve(to)
        answer = await station.send(request, self._budget, gate)
        if not acted:
            await act()
        return answer, acted

    async def waits(self, name: str) -> bool:
        """Whether a replica waits in Postgres for a lock that another replica or process holds."""
        monitor = await self.monitor()
        everyone = [process for station in self._stations.values() for process in station.processes]
        return any([await monitor.waits(process, everyone) for process in self._stations[name].processes])

    async def waits_for_redis(self, name: str) -> bool:
        """Whether a replica sleeps with nothing under way but something that it has asked of Redis."""
        return await self._stations[name].waits_for_redis()

    async def together(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests all at once, dealt to two replicas in turn, with nothing held; return their answers."""
        for name in REPLICAS[:2]:
            await self._serve(name)
        return list(await asyncio.gather(*(self.send(one, to=REPLICAS[n % 2]) for n, one in enumerate(requests))))

    async def send_until(self, request: Request, statuses: Collection[int], seconds: float, *, to: str = "A") -> Answer:
        """Send a request again and again until it is answered with one of the statuses; a Finding after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (answer := await self.send(request, to=to)).status not in statuses:
            if asyncio.get_running_loop().time() > deadline:
                answer.expect(*statuses)
        return answer

    async def every_interleaving(  # noqa: PLR0913 -- each by its name
        self,
        *,
        given: Tables,
        requests: Sequence[Request] = (),
        processes: Sequence[Process] = (),
        holds: Holds,
        set_up: SetUp | None = None,
        between: Between | None = None,
        limits: ExploringLimits | None = None,
    ) -> None:
        """Send requests at once, one to a replica, and let processes make a round, two or three of them in all.

        Their steps are interleaved in every distinguishable way. Each schedule begins with the rows that are `given`,
        an empty Redis and what `set_up` does then; `holds` raises a Finding where what it sees afterwards is wrong.
        `between` is awaited before each step. Raises the Finding with its schedule, or Inconclusive where not
        everything was tried and the limits do not say that this will do.
        """
        exploration = self._exploration(given, (*requests, *processes), holds, set_up)
        if self.player is not None:
            await self.player(exploration, limits=limits, between=between)
            return
        try:
            await exploration.explore(limits, between)
        finally:
            tried = exploration.explored
            self.explored = self.explored.with_more(tried.schedules, tried.classes, complete=tried.complete)

    async def every_crash(  # noqa: PLR0913 -- each by its name
        self,
        *,
        given: Tables,
        request: Request | None = None,
        process: Process | None = None,
        holds: Holds,
        retry: Retry | bool = True,
        set_up: SetUp | None = None,
    ) -> None:
        """Send a request, and let it crash at each of its steps in turn; then send the retry to the other replica.

        `retry` is a function of the first answer (None where none came) that gives the request to send, or None;
        True sends the same again, False nothing. `holds` is given the answers and raises a Finding.
        Of a `process` one round crashes; what it does after that, started again, is for `holds` to let it do.
        """
        again = (lambda _: request) if retry is True else retry or (lambda _: None)
        whose = [one for one in (request, process) if one is not None]
        exploration = self._exploration(given, whose, holds, set_up)
        if self.player is not None:
            await self.player(exploration, retry=again)
            return
        runs = await exploration.sweep(again)
        self.explored = self.explored.with_more(runs, 0, complete=True)

    def _exploration(
        self, given: Tables, whose: Sequence[Request | Process], holds: Holds, set_up: SetUp | None
    ) -> Exploration:
        from grader.lab.exploring import Exploration  # noqa: PLC0415 -- checks that explore nothing need not pay for it

        self._explorations += 1
        return Exploration(self, given, whose, holds, set_up, self._explorations)

    def apart(
        self, *, written: Mapping[str, str] | None = None, removed: Collection[str] = (), traced: bool = False
    ) -> AbstractAsyncContextManager[Apart]:
        """Give a replica apart from A, B and C, on the same database, for as long as the context lasts.

        Its copy of the submission is without the paths `removed`, and then with the texts `written`, by path. One that
        is `traced` tells of the calls and imports between its modules.
        """
        assert self._ground is not None  # noqa: S101 -- a check runs between reset() and close()
        return apart(self._ground, self._budget, written=written or {}, removed=removed, traced=traced)

    @property
    def folder(self) -> Path:
        """The copy of the submission that its replicas are made of, to be read and not changed."""
        assert self._folder is not None  # noqa: S101 -- likewise
        return self._folder

    def let_debug(self, name: str, port: int) -> None:
        """Put another replica in the place of this name, to which a debugger may attach at that port."""
        self._stations[name].let_debug(port)

    async def loop(self, process: Process) -> ProcessActor:
        """Return a background process, which then runs, as an actor that makes rounds."""
        await process.start()
        return ProcessActor(process)

    async def actor(self, name: str, request: Request) -> LabActor:
        """Return the replica of this name as an actor that is sent the request."""
        station = await self._serve(name)
        budget = replace(self._budget, seconds=math.inf) if self.player is not None else self._budget
        return LabActor(station, await station.serving(), request, budget)

    async def replica(self, name: str) -> Replica:
        """Return the replica of this name when it serves; Unusable where it does not come up."""
        return (await (await self._serve(name)).serving()).replica

    async def load_again(self) -> bool:
        """Take the submission's files as they are now; return whether the rows are still there.

        They are not where schema.sql has changed: then there is a new database.
        """
        before, self._folder = self._folder, await self._copied()
        rows = before is not None and self._rows is not None and self._schema(before) == self._schema(self._folder)
        if not rows or self._ground is None:
            await self.clear()
            await self._build()
            return False
        self._ground.folder = self._folder
        for station in self._stations.values():
            station.leave()
        return True

    def doors(self) -> dict[str, Proxy]:
        """Return wires for a person's own clients, not started yet: psql, redis-cli, and to the service outside."""
        assert self._database is not None  # noqa: S101 -- it is asked for between reset() and close()
        doors: dict[str, Proxy] = {"psql": wire_to(PostgresProxy, "psql", self._database, self.recorder)}
        if "redis" in self.submission.kata.services and self._pair.redis is not None:
            doors["redis-cli"] = wire_to(RedisProxy, "redis-cli", self._pair.redis, self.recorder)
        if self.submission.kata.outside:
            doors["outside"] = OutsideService(self._answer_outside, replica="you", recorder=self.recorder)
        return doors

    async def monitor(self) -> Monitor:
        """Return the connection that looks at who waits for whom."""
        if self._monitor is None:
            self._monitor = await Monitor.open(self._pair.postgres)
        return self._monitor
