"""What the proxies of both services have in common: a port, its connections, and waiting until they are idle."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from grader.wire.connection import Connection
    from grader.wire.recorder import Recorder, Statement

MAX_CONNECTIONS = 100
"""Connections open at once per proxy; above the server's own limit for a role, below what would exhaust our files."""
LOGIN_SECONDS = 60.0
"""A client that has not logged in by then is closed, as PostgreSQL's authentication_timeout does."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The server behind a proxy, and how the proxy logs in to it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str | None = None


class Cut(Exception):  # noqa: N818 -- what a gate orders, not an error
    """Raised by a gate to cut the connection before the step."""


class Fail(Exception):  # noqa: N818 -- likewise
    """Raised by a gate to have the step fail with this error instead of running.

    `sqlstate` is for Redis the error's first word, for the outside service the status of the reply.
    """

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(sqlstate, message)
        self.sqlstate = sqlstate
        self.message = message


class Gate(Protocol):
    """Awaited before the first byte of a step goes to the server, or before that of its answer goes to the client."""

    async def __call__(self, statement: Statement) -> None:
        """Return when the step that begins with `statement` may go; raise Cut to end its connection instead.

        Before a step, Fail is allowed too.
        """


class Proxy(ABC):
    """A port on this machine through which one replica reaches one server.

    `latency`, in seconds, is added to each round trip. `gate` holds steps, `reply_gate` what the server answered to one
    that has passed the gate, and `done` is told when such an answer has been passed on, or its connection has ended
    before. `keep_results` gives statements their first rows. All can be set at any time.
    """

    scheme: str

    def __init__(self, upstream: Upstream, *, replica: str, recorder: Recorder) -> None:
        self.upstream = upstream
        self.replica = replica
        self.recorder = recorder
        self.latency = 0.0
        self.gate: Gate | None = None
        self.reply_gate: Gate | None = None
        self.done: Callable[[Statement], None] | None = None
        self.keep_results = False
        self.traffic = 0
        """How often bytes have come from either side; where it stands still, nothing moves."""
        self.hanging = False
        """What clients send is read and never answered; a connection that has lost something so stays lost."""
        self._refusing = False
        self.secret = secrets.token_urlsafe(24)
        """What a client must know; it is good for this proxy alone."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[Connection] = set()
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    @abstractmethod
    def connection(self, number: int) -> Connection:
        """Return the handler of a new connection."""

    @property
    @abstractmethod
    def url(self) -> str:
        """What the submission is given to connect with."""

    @property
    def refusing(self) -> bool:
        """Whether new connections are closed at once; those that are open are cut when it is set."""
        return self._refusing

    @refusing.setter
    def refusing(self, refusing: bool) -> None:
        self._refusing = refusing
        if refusing:
            for connection in list(self._open):
                connection.end()

    @property
    def connections(self) -> int:
        """Connections open now."""
        return sum(connection.counted for connection in self._open)

    @property
    def in_transaction(self) -> int:
        """Connections on which the server holds a transaction open."""
        return sum(connection.in_transaction for connection in self._open)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in flight on any connection."""
        return all(connection.idle and not connection.hung for connection in self._open)

    @property
    def is_parked(self) -> bool:
        """Whether nothing is in flight but what waits in the server for something to come."""
        return all(connection.parked and not connection.hung for connection in self._open)

    @property
    def is_moving(self) -> bool:
        """Whether something is in flight on a connection that belongs to no step: a login, a BEGIN, half a message."""
        return any(connection.moving for connection in self._open)

    @property
    def processes(self) -> list[int]:
        """The server's processes behind the open connections, where they are known."""
        return [connection.pid for connection in self._open if connection.pid is not None]

    def end_transactions(self) -> None:
        """End every connection on which the server holds a transaction open."""
        for connection in [connection for connection in self._open if connection.in_transaction]:
            connection.end()

    def process_of(self, number: int) -> int | None:
        """Return the server's process behind the connection with this number, where it is known."""
        return next((connection.pid for connection in self._open if connection.number == number), None)

    def settings_of(self, number: int) -> Mapping[str, str]:
        """Return what a connection's client asked to be set when it logged in."""
        return next((connection.settings for connection in self._open if connection.number == number), {})

    def status_of(self, number: int) -> str:
        """Return the transaction status of a connection as Postgres puts it: I, T or E; I where there is none."""
        return next((connection.status for connection in self._open if connection.number == number), "I")

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def idle(self) -> None:
        """Return when nothing is in flight on any connection."""
        await self._until(lambda: self.is_idle)

    async def empty(self) -> None:
        """Return when no connection is open."""
        await self._until(lambda: not self.connections)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((condition, waiter))
            await waiter

    async def close(self) -> None:
        """Close the port and every connection, and wait until their tasks have ended."""
        if self._server is not None:
            self._server.close()
        tasks: set[asyncio.Task[None]] = set()
        for connection in list(self._open):
            tasks |= connection.gone()
            connection.end()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def forget(self, connection: Connection) -> None:
        """Take a connection off the list."""
        self._open.discard(connection)
        self.look()

    def look(self) -> None:
        """Wake who waits for what has come; called when a connection may have become idle, or has ended."""
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for condition, waiter in waiters:
                if waiter.done():
                    continue
                if condition():
                    waiter.set_result(None)
                else:
                    self._waiters.append((condition, waiter))

    def _accept(self) -> asyncio.Protocol:
        if self._refusing:
            return _Refusal()
        connection = self.connection(self.recorder.number_connection(self.replica, self.scheme))
        if len(self._open) >= MAX_CONNECTIONS:
            connection.refuse()
        self._open.add(connection)
        return connection.client


class _Refusal(asyncio.Protocol):
    """Closes its connection as soon as it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
