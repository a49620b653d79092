"""One replica with its wires."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from grader.lab.http import Answer, Budget, Request, Stopped, most_repeated, printed
from grader.verdict import Evidence, Finding
from grader.wire import PostgresProxy, Recorder, Statement, Upstream

RedisProxy = None

if TYPE_CHECKING:
    from pathlib import Path

    from grader.replica import Host, Limits, Replica
    from grader.services import Address, Database
    from grader.wire import Gate

MOST_BYTES = 64 << 20
"""The largest answer that is read; a longer one is a finding."""

_Raw = tuple[int, dict[str, str], bytes]
"""Status, headers and body of an answer."""


class Station:
    """The place of one replica: its wires stay, its process is put there anew where it ended."""

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
        upstream = Upstream(database.host, database.port, database.user, database.password, database.name)
        self.postgres = PostgresProxy(upstream, replica=name, recorder=recorder)
        self.redis = (
            RedisProxy(Upstream(redis.host, redis.port, redis.user, redis.password), replica=name, recorder=recorder)
            if redis
            else None
        )
        self._replica: Replica | None = None
        self._starting: asyncio.Task[Replica] | None = None
        # A new connection for each request: one that is used again may die with the request before.
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 -- send() has a budget
            trust_env=False,
            verify=False,  # noqa: S501 -- plain HTTP to our own machine; loading certificates takes 35 ms
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def begin(self) -> None:
        """Start the replica in the background unless one runs or starts."""
        if self._replica is not None and self._replica.exited is not None:
            self._starting = None
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def start(self) -> Replica:
        """Start the replica unless it runs, and return it when it serves; BootError where it does not come up."""
        self.begin()
        assert self._starting is not None  # noqa: S101 -- begin() put it there
        return await self._starting

    async def _start(self) -> Replica:
        await self._end()
        environment = {}
        for variable, proxy in (("DATABASE_URL", self.postgres), ("REDIS_URL", self.redis)):
            if proxy is not None:
                await proxy.start()
                environment[variable] = proxy.url
        self._replica = await self._host.replica(self.name, self._folder, environment=environment, limits=self._limits)
        await self._replica.ready()
        return self._replica

    async def close(self) -> None:
        """End the replica and its wires."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
            self._starting = None
        await self._end()
        await self._client.aclose()

    async def _end(self) -> None:
        replica, self._replica = self._replica, None
        if replica is not None:
            await replica.kill()
        for proxy in (self.postgres, self.redis):
            if proxy is not None:
                await proxy.close()

    async def _renew(self) -> None:
        """End the replica, and start another in the background."""
        await self._end()
        self._starting = None
        self.begin()

    async def send(self, request: Request, budget: Budget, act: Gate | None = None) -> Answer:
        """Send one request on a connection of its own; a Finding where no answer comes within the budget.

        `act` is awaited before each statement goes to the server.
        """
        replica = await self.start()
        over = asyncio.get_running_loop().create_future()
        sent = 0
        refused: list[BaseException] = []

        async def gate(statement: Statement) -> None:
            nonlocal sent
            sent += 1
            if sent > budget.statements:
                if not over.done():
                    over.set_result(None)
                await asyncio.Future()  # held until the wire is closed: the service is to run no further
            if act is not None:
                try:
                    await act(statement)
                except BaseException as error:
                    refused.append(error)
                    raise

        self._set_gate(gate)
        started = time.monotonic()
        with self._recorder.recording() as window:
            call = asyncio.ensure_future(self._call(replica.url, request))
            ended = asyncio.ensure_future(replica.wait())
            try:
                await asyncio.wait({call, ended, over}, timeout=budget.seconds, return_when=asyncio.FIRST_COMPLETED)
                if refused:
                    raise refused[0]
                mine = window.of(self.name)
                statements = tuple(mine.counted)
                if over.done():
                    raise await self._stopped(request, statements[: budget.statements])
                if not call.done() or call.exception() is not None:
                    raise await self._no_answer(replica, request, budget, call, statements)
                status, headers, body = call.result()
                return Answer(
                    request,
                    status,
                    headers,
                    body,
                    statements=statements,
                    round_trips=mine.round_trips,
                    seconds=time.monotonic() - started,
                    log=replica.log(),
                )
            finally:
                self._set_gate(None)
                for waiting in (call, ended):
                    waiting.cancel()
                await asyncio.gather(call, ended, return_exceptions=True)

    def _set_gate(self, gate: Gate | None) -> None:
        self.postgres.gate = gate
        if self.redis is not None:
            self.redis.gate = gate

    async def _stopped(self, request: Request, statements: tuple[Statement, ...]) -> Stopped:
        """End the replica, whose request goes on sending statements, and say so."""
        await self._renew()
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
        call: asyncio.Future[_Raw],
        statements: tuple[Statement, ...],
    ) -> Finding:
        """End the replica and say why its request got no answer."""
        expected = "every request is answered"
        evidence: tuple[Evidence, ...] = ()
        error = call.exception() if call.done() else None
        if isinstance(error, TooLarge):
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
        await self._renew()
        return Finding(f"sent {request}", seen, expected, evidence)

    async def _call(self, url: str, request: Request) -> _Raw:
        call = self._client.build_request(
            request.method, url + request.path, params=request.params, json=request.json, headers=request.headers
        )
        response = await self._client.send(call, stream=True)
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise TooLarge(f"the answer was longer than {MOST_BYTES >> 20} MB, and was not read to its end")
        finally:
            await response.aclose()
        return response.status_code, dict(response.headers), bytes(body)


async def _ended(replica: Replica) -> bool:
    """Whether the process behind a lost connection has ended; its end is known a moment after its connections'."""
    try:
        async with asyncio.timeout(2):
            await replica.wait()
    except TimeoutError:
        return False
    return True


class TooLarge(Exception):  # noqa: N818 -- becomes a finding
    """The answer is larger than the grader reads."""
