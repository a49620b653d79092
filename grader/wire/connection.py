"""One connection through a proxy: its two sides, what each does to the other, and how it ends."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from grader.wire.link import Link, Listener, Side
from grader.wire.proxy import Cut, Fail

if TYPE_CHECKING:
    from grader.wire.proxy import Gate, Proxy
    from grader.wire.recorder import Statement


class Connection(Listener, ABC):
    """One client's connection and the proxy's own to the server."""

    def __init__(self, proxy: Proxy, number: int) -> None:
        self.proxy = proxy
        self.number = number
        self.client = Side(self)
        self.server: Side | None = None
        self.link = Link(self._deliver, self._finish, self._link_crowded)
        self._tasks: set[asyncio.Task[None]] = set()
        self.counted = True
        """Whether it is one of the proxy's open connections: not a cancel request, not one turned away."""
        self.pid: int | None = None
        """The server's process, where the server has said it."""
        self.settings: dict[str, str] = {}
        """What the client asked to be set when it logged in."""
        self.hung = False
        """Something that the client sent was dropped, so that it waits for an answer that never comes."""
        self._over = False
        self._client_ended = False
        self._late: deque[tuple[Statement | None, bytes]] = deque()
        """Answers that wait for the reply gate, and what came behind them."""

    @property
    @abstractmethod
    def idle(self) -> bool:
        """Whether nothing is in flight."""

    @property
    def parked(self) -> bool:
        """Whether nothing is in flight but what waits in the server for something to come."""
        return self.idle

    @property
    def moving(self) -> bool:
        """Whether something is in flight that belongs to no step: a login, a BEGIN, half a message."""
        return not self.parked and not self._stepping and not self._late

    @property
    @abstractmethod
    def _stepping(self) -> bool:
        """Whether a step stands at the gate, or is under way."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether the server holds a transaction open."""

    @property
    def status(self) -> str:
        """The transaction status: I, T or E."""
        return "T" if self.in_transaction else "I"

    @abstractmethod
    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""

    @abstractmethod
    def from_server(self, data: bytes) -> None:
        """Take bytes from the server."""

    @abstractmethod
    def over(self) -> None:
        """Note that the connection has ended."""

    @abstractmethod
    def refuse(self) -> None:
        """Tell the client that there are too many connections."""

    # what the sides tell

    def received(self, side: Side, data: bytes) -> None:
        """Pass bytes to who understands them."""
        self.proxy.traffic += 1
        if side is self.client and (self.proxy.hanging or self.hung):
            self.hung = True
        elif side is self.client:
            self.from_client(data)
        else:
            self.from_server(data)

    def ended(self, side: Side) -> None:
        """Pass on that one side will send nothing more."""
        if side is not self.client:
            self.client.close()
        elif self.server is None:
            self.end()
        else:
            self._client_ended = True
            self.client_ended()

    def client_ended(self) -> None:
        """Send the end of the client's stream after everything before it."""
        self.link.end(self.proxy.latency)

    def lost(self, side: Side) -> None:
        """Close one side when the other has gone."""
        if side is self.client:
            self.end()
        else:
            self.client.close()
            self._close_book()

    def pressed(self, side: Side, *, full: bool) -> None:
        """Read one side only as fast as the other can be written."""
        source = self.server if side is self.client else self.client
        if source is None:
            return
        if full:
            source.stop_reading("slow reader")
        else:
            source.go_on_reading("slow reader")

    def end(self) -> None:
        """End both sides now."""
        self.link.drop()
        for task in self._tasks:
            task.cancel()
        if self.server is not None:
            self.server.abort()
        self.client.abort()
        self._close_book()
        self.proxy.forget(self)

    def _close_book(self) -> None:
        if not self._over:
            self._over = True
            self.over()
            self.proxy.look()

    # towards the client

    def answer(self, over: Statement | None, data: bytes) -> None:
        """Pass an answer on; `over` is the step that ends with it, if one does that has passed the gate."""
        if self._late or (over is not None and self.proxy.reply_gate is not None):
            self._late.append((over, data))
            if len(self._late) == 1:
                self.start(asyncio.get_running_loop().create_task(self._answer_late()))
            return
        self.client.write(data)
        if over is not None:
            self.report(over)

    async def _answer_late(self) -> None:
        """Pass on what waits for the reply gate, and what came behind it."""
        try:
            while self._late:
                over, data = self._late[0]
                if over is not None and not await self.ask(self.proxy.reply_gate, over):
                    return
                self.client.write(data)
                self._late.popleft()
                if over is not None:
                    self.report(over)
        except Fail:
            self.end()  # it comes too late: the step has been run
            raise
        finally:
            for over, _ in self._late:
                if over is not None:
                    self.report(over)
            self._late.clear()
            self.proxy.look()

    def report(self, over: Statement) -> None:
        """Tell that the answer to a step has been passed on, or never will be."""
        if self.proxy.done is not None:
            self.proxy.done(over)

    # towards the server

    async def ask(self, gate: Gate | None, statement: Statement) -> bool:
        """Ask a gate for permission; return False when it cut the connection. Raises Fail as the gate did."""
        try:
            if gate is not None:
                await gate(statement)
        except Cut:
            self.end()
            return False
        except Fail:
            raise
        except Exception:
            self.end()
            raise
        return True

    async def connect(self) -> None:
        """Open the connection to the server; raises OSError."""
        upstream = self.proxy.upstream
        side = Side(self)
        await asyncio.get_running_loop().create_connection(lambda: side, upstream.host, upstream.port)
        self.server = side

    def start(self, task: asyncio.Task[None]) -> None:
        """Keep a task until it is done or the connection ends."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _deliver(self, data: bytes) -> None:
        if self.server is not None:
            self.server.write(data)

    def _finish(self) -> None:
        if self.server is not None:
            self.server.write_eof()

    def _link_crowded(self, crowded: bool) -> None:  # noqa: FBT001 -- a callback
        if crowded:
            self.client.stop_reading("latency")
        else:
            self.client.go_on_reading("latency")

    def gone(self) -> set[asyncio.Task[None]]:
        """Return the tasks that are not done yet."""
        return set(self._tasks)
