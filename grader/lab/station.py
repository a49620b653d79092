"""One replica with its wires."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from grader.explore.rest import Motion
from grader.lab.client import NoAnswerError, TooLargeError, call
from grader.lab.http import Answer, Budget, Request, Stopped, most_repeated
from grader.lab.logs import printed
from grader.lab.put import Put
from grader.replica import HostError
from grader.services import Database
from grader.verdict import Evidence, Finding
from grader.wire import PostgresProxy, RedisProxy, Upstream
from grader.wire.outside import OutsideService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from grader.replica import Host, Limits, Replica
    from grader.services import Address
    from grader.wire import Gate, Recorder, Statement
    from grader.wire.outside import Handler
    from grader.wire.proxy import Proxy


ANSWER_ROUNDS = 5
"""Looks at the sockets after which an answer that was sent is known to have come."""
PRINTING_SECONDS = 1.0
"""How long a replica that has answered 500 may take to print why."""


@dataclass(slots=True)
class Ground:
    """What the stations of one lab stand on.

    `environment` may change, and holds for the next replica. So may `latency`, in seconds for each round trip.
    """

    host: Host
    folder: Path
    limits: Limits
    recorder: Recorder
    database: Database
    redis: Address | None
    outside: str
    """The variable that names the outside service; empty where there is none."""
    handler: Handler
    environment: dict[str, str]
    traced: bool = False
    """Whether its replicas tell of the calls and imports between their modules."""
    keep_results: bool = False
    """Whether what statements read is kept from the start, and not only where a check explores."""
    latency: float = 0.0


class RedisIs(StrEnum):
    """What a replica finds of Redis."""

    THERE = "there"
    REFUSING = "refusing"
    """Connections are closed as soon as they are made."""
    SILENT = "silent"
    """What is sent is taken and never answered."""


class Station:
    """The place of one replica: where its process ended or was stopped, another is put.

    With a `module` it is no replica of the service but `python -m MODULE`, whose time is held from its start on.
    """

    def __init__(self, name: str, ground: Ground, module: str = "") -> None:
        self.name = name
        self.attend: Callable[[Sequence[Proxy]], None] = lambda _: None
        """Called with the wires of each process that is put here, before it starts."""
        self._module = module
        self._redis_is = RedisIs.THERE
        self._ground = ground
        self._recorder = ground.recorder
        self._put: asyncio.Task[Put] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Put a replica here in the background unless there is one."""
        if self._put is None:
            self._put = asyncio.create_task(self._start())

    async def _start(self, debug_port: int | None = None) -> Put:
        ground = self._ground
        wires = {"DATABASE_URL": wire_to(PostgresProxy, self.name, ground.database, ground.recorder)}
        if ground.redis is not None:
            wires["REDIS_URL"] = wire_to(RedisProxy, self.name, ground.redis, ground.recorder)
        if ground.outside:
            wires[ground.outside] = OutsideService(ground.handler, replica=self.name, recorder=ground.recorder)
        environment = dict(ground.environment)
        for variable, wire in wires.items():
            await wire.start()
            wire.keep_results = ground.keep_results
            environment[variable] = wire.url
        _tell_redis(wires.values(), self._redis_is)
        self.attend(tuple(wires.values()))
        replica = await ground.host.replica(
            self.name,
            ground.folder,
            environment=environment,
            limits=ground.limits,
            command=["-m", self._module] if self._module else None,
            controlled=True,
            traced=ground.traced,
            debug_port=debug_port,
        )
        if self._module and replica.reins is not None:
            replica.reins.hold()
        put = Put(replica, tuple(wires.values()))
        put.set_latency(ground.latency)
        return put

    def follow_latency(self) -> None:
        """Have the wires that stand here take as long as the ground says now."""
        if self._put is not None and self._put.done() and not self._put.cancelled() and not self._put.exception():
            self._put.result().set_latency(self._ground.latency)

    async def start(self) -> None:
        """Put a replica here unless one runs, and wait until it serves; BootError where it does not come up."""
        await self.serving()

    async def serving(self) -> Put:
        """Return the replica that serves here, with its wires; BootError where it does not come up."""
        if self._put is not None and self._put.done() and (await self._put).replica.exited is not None:
            self.renew()
        self.begin()
        assert self._put is not None  # noqa: S101 -- begin() made it
        put = await asyncio.shield(self._put)
        await put.replica.ready()
        return put

    def leave(self) -> None:
        """End the replica in the background, if there is one; the next is put here when it is needed."""
        self._take_away()

    def renew(self) -> None:
        """End the replica and put another here, both in the background."""
        self._take_away()
        self.begin()

    async def let_redis_be(self, redis_is: RedisIs) -> None:
        """Let who stands here, and who is put here later, find Redis so; a Redis that is back knows no connection."""
        if redis_is is self._redis_is:
            return  # connections that are open stay so
        self._redis_is = redis_is
        if self._put is not None:
            _tell_redis((await asyncio.shield(self._put)).wires, redis_is)

    @property
    def processes(self) -> list[int]:
        """The Postgres server's processes behind the connections of who stands here."""
        wires = self._put.result().wires if self._put is not None and self._put.done() else ()
        return [process for wire in wires for process in wire.processes]

    async def waits_for_redis(self) -> bool:
        """Whether who stands here sleeps, and nothing that it sent is unanswered but what it asked of Redis."""
        put = await self.serving()

        def waits() -> bool:
            asked = {isinstance(wire, RedisProxy) for wire in put.wires if not wire.is_idle}
            return asked == {True} and put.reins.asleep

        motion, traffic = Motion(), put.traffic
        for _ in range(ANSWER_ROUNDS if waits() else 0):
            await motion.look_round()  # an answer that it gave before it slept has come by then
        return waits() and traffic == put.traffic

    def let_debug(self, port: int) -> None:
        """Put another replica here, to which a debugger may attach at that port; not so to those after it."""
        self._take_away()
        self._put = asyncio.create_task(self._start(port))

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

    async def send(
        self, request: Request, budget: Budget, act: Gate | None = None, sent: Callable[[], None] | None = None
    ) -> Answer:
        """Send one request on a connection of its own; a Finding where no answer comes within the budget.

        `act` is awaited before each statement goes to the server; what it raises is raised here. `sent` is called when
        the request has been written.
        """
        put = await self.serving()
        over = asyncio.Event()
        refused: list[BaseException] = []

        async def gate(statement: Statement) -> None:
            assert act is not None  # noqa: S101 -- the gate is set only then
            try:
                await act(statement)
            except BaseException as error:
                refused.append(error)
                raise

        if act is not None:
            put.set_gate(gate)
        started = time.monotonic()
        with self._recorder.recording(self.name) as window:
            window.limit(budget.statements, over.set)
            answer = asyncio.ensure_future(call(put.replica.port, request, sent))
            others = [asyncio.ensure_future(put.replica.wait()), asyncio.ensure_future(over.wait())]
            try:
                await asyncio.wait({answer, *others}, timeout=budget.seconds, return_when=asyncio.FIRST_COMPLETED)
                if refused:
                    raise refused[0]
                statements = tuple(window.counted)
                if over.is_set():
                    raise self._stopped(request, statements[: budget.statements])
                if not answer.done() or answer.exception() is not None:
                    error = answer.exception() if answer.done() else None
                    raise await self._no_answer(put.replica, request, budget, error, statements)
                status, headers, body = answer.result()
                await _print(put.replica, status)
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
                if act is not None:
                    put.set_gate(None)
                for waiting in (answer, *others):
                    waiting.cancel()
                await asyncio.gather(answer, *others, return_exceptions=True)

    async def post(self, request: Request, budget: Budget, sent: Callable[[], None]) -> Answer:
        """Send one request as `send` does, but without a look at its statements: who explores counts them himself.

        Such requests come one after the other, and the replica is at rest between them, so they share a connection.
        """
        put = await self.serving()
        started = time.monotonic()
        try:
            async with asyncio.timeout(budget.seconds):
                status, headers, body = await call(put.replica.port, request, sent, put.line)
        except (NoAnswerError, TooLargeError, TimeoutError) as error:
            late = isinstance(error, TimeoutError)
            raise await self._no_answer(put.replica, request, budget, None if late else error, ()) from error
        await _print(put.replica, status)
        seconds = time.monotonic() - started
        return Answer(request, status, headers, body, (), 0, seconds, put.replica.log())

    def _stopped(self, request: Request, statements: tuple[Statement, ...]) -> Stopped:
        """End the replica, whose request goes on sending statements, and say so."""
        self.renew()
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
        error: BaseException | None,
        statements: tuple[Statement, ...],
    ) -> Finding:
        """End the replica and say why its request got no answer."""
        expected = "every request is answered"
        evidence: tuple[Evidence, ...] = ()
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
        self.renew()
        return Finding(f"sent {request}", seen, expected, evidence)


def wire_to(kind: type[Proxy], name: str, server: Database | Address, recorder: Recorder) -> Proxy:
    """Return a wire to a server, not started yet; `name` is whose it is."""
    database = server.name if isinstance(server, Database) else None
    upstream = Upstream(server.host, server.port, server.user, server.password, database)
    return kind(upstream, replica=name, recorder=recorder)


def _tell_redis(wires: Iterable[Proxy], redis_is: RedisIs) -> None:
    for wire in wires:
        if isinstance(wire, RedisProxy):
            wire.hanging = redis_is is RedisIs.SILENT
            wire.refusing = True  # those that are open are cut
            wire.refusing = redis_is is RedisIs.REFUSING


async def _print(replica: Replica, status: int) -> None:
    """Let a replica that has answered 500 print why, which it does after the answer and before it sleeps."""
    reins = replica.reins
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and reins is not None:
        await Motion().until(lambda: reins.asleep, PRINTING_SECONDS)


async def _end(put: asyncio.Task[Put]) -> None:
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
