"""One replica with its wires."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.lab.client import TooLargeError, call
from grader.lab.http import Answer, Budget, Request, Stopped, most_repeated, printed
from grader.replica import HostError
from grader.verdict import Evidence, Finding
from grader.wire import PostgresProxy, Recorder, RedisProxy, Statement, Upstream

if TYPE_CHECKING:
    from pathlib import Path

    from grader.lab.client import Raw
    from grader.replica import Host, Limits, Replica
    from grader.services import Address, Database
    from grader.wire import Gate


@dataclass(frozen=True, slots=True)
class _Put:
    """A replica as it stands in its place, with the wires that are its own."""

    replica: Replica
    postgres: PostgresProxy
    redis: RedisProxy | None

    @property
    def wires(self) -> tuple[PostgresProxy | RedisProxy, ...]:
        return (self.postgres, self.redis) if self.redis else (self.postgres,)

    def set_gate(self, gate: Gate | None) -> None:
        for wire in self.wires:
            wire.gate = gate

    async def end(self) -> None:
        """Cut the wires, so that the servers let go of its locks, and end the process."""
        await asyncio.gather(*(wire.close() for wire in self.wires), self.replica.kill())


class Station:
    """The place of one replica: where its process ended or was stopped, another is put."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what a station is made of
        self,
        name: str,
        host: Host,
        folder: Path,
        limits: Limits,
        recorder: Recorder,
        database: Database,
        redis: Address | None,
    ) -> None:
        self.name = name
        self._host = host
        self._folder = folder
        self._limits = limits
        self._recorder = recorder
        self._postgres = Upstream(database.host, database.port, database.user, database.password, database.name)
        self._redis = Upstream(redis.host, redis.port, redis.user, redis.password) if redis else None
        self._put: asyncio.Task[_Put] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Put a replica here in the background unless there is one."""
        if self._put is None:
            self._put = asyncio.create_task(self._start())

    async def _start(self) -> _Put:
        postgres = PostgresProxy(self._postgres, replica=self.name, recorder=self._recorder)
        redis = RedisProxy(self._redis, replica=self.name, recorder=self._recorder) if self._redis else None
        await postgres.start()
        environment = {"DATABASE_URL": postgres.url}
        if redis is not None:
            await redis.start()
            environment["REDIS_URL"] = redis.url
        replica = await self._host.replica(self.name, self._folder, environment=environment, limits=self._limits)
        return _Put(replica, postgres, redis)

    async def start(self) -> None:
        """Put a replica here unless one runs, and wait until it serves; BootError where it does not come up."""
        await self._serving()

    async def _serving(self) -> _Put:
        if self._put is not None and self._put.done() and (await self._put).replica.exited is not None:
            self._renew()
        self.begin()
        assert self._put is not None  # noqa: S101 -- begin() made it
        put = await asyncio.shield(self._put)
        await put.replica.ready()
        return put

    def _renew(self) -> None:
        """End the replica and put another here, both in the background."""
        self._take_away()
        self.begin()

    def _take_away(self) -> None:
        put, self._put = self._put, None
        if put is not None:
            ending = asyncio.create_task(_end(put))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End the replica and its wires."""
        self._take_away()
        await asyncio.gather(*self._ending)

    async def send(self, request: Request, budget: Budget, act: Gate | None = None) -> Answer:
        """Send one request on a connection of its own; a Finding where no answer comes within the budget.

        `act` is awaited before each statement goes to the server; what it raises is raised here.
        """
        put = await self._serving()
        over = asyncio.Event()
        refused: list[BaseException] = []

        async def gate(statement: Statement) -> None:
            assert act is not None  # noqa: S101 -- the gate is set only then
            try:
                await act(statement)
            except BaseException as error:
                refused.append(error)
                raise

        put.set_gate(gate if act else None)
        started = time.monotonic()
        with self._recorder.recording(self.name) as window:
            window.limit(budget.statements, over.set)
            answer = asyncio.ensure_future(call(put.replica.port, request))
            others = [asyncio.ensure_future(put.replica.wait()), asyncio.ensure_future(over.wait())]
            try:
                await asyncio.wait({answer, *others}, timeout=budget.seconds, return_when=asyncio.FIRST_COMPLETED)
                if refused:
                    raise refused[0]
                statements = tuple(window.counted)
                if over.is_set():
                    raise self._stopped(request, statements[: budget.statements])
                if not answer.done() or answer.exception() is not None:
                    raise await self._no_answer(put.replica, request, budget, answer, statements)
                status, headers, body = answer.result()
                return Answer(
                    request,
                    status,
                    headers,
                    body,
                    statements=statements,
                    round_trips=window.round_trips,
                    seconds=time.monotonic() - started,
                    log=put.replica.log(),
                )
            finally:
                put.set_gate(None)
                for waiting in (answer, *others):
                    waiting.cancel()
                await asyncio.gather(answer, *others, return_exceptions=True)

    def _stopped(self, request: Request, statements: tuple[Statement, ...]) -> Stopped:
        """End the replica, whose request goes on sending statements, and say so."""
        self._renew()
        stopped = Stopped(
            f"sent {request}",
            f"it had sent {len(statements)} statements to the database, and was stopped",
            "a request ends within its budget of statements",
            (most_repeated(statements),),
        )
        stopped.statements = statements
        return stopped

    async def _no_answer(
        self,
        replica: Replica,
        request: Request,
        budget: Budget,
        answer: asyncio.Future[Raw],
        statements: tuple[Statement, ...],
    ) -> Finding:
        """End the replica and say why its request got no answer."""
        expected = "every request is answered"
        evidence: tuple[Evidence, ...] = ()
        error = answer.exception() if answer.done() else None
        if isinstance(error, TooLargeError):
            seen = str(error)
        elif error is None and replica.exited is None:
            seen = f"no answer came in {budget.seconds:g} s; it had sent {len(statements)} statements"
            where = await replica.stack()
            evidence = (Evidence("where it was", tuple(where.splitlines())),) if where else ()
        elif await _ended(replica):
            assert replica.exited is not None  # noqa: S101 -- it has ended
            seen = f"the process {replica.exited.description}"
        else:
            seen = "the connection was closed without an answer"
        if statements:
            evidence = (*evidence, most_repeated(statements))
        evidence = (*evidence, *printed(replica.log()))
        self._renew()
        return Finding(f"sent {request}", seen, expected, evidence)


async def _end(put: asyncio.Task[_Put]) -> None:
    try:
        await (await put).end()
    except (HostError, OSError):
        return  # it never stood here


async def _ended(replica: Replica) -> bool:
    """Whether the process behind a lost connection has ended; its end is known a moment after its connections'."""
    try:
        async with asyncio.timeout(2):
            await replica.wait()
    except TimeoutError:
        return False
    return True
