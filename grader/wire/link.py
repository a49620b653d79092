"""The plumbing between two sockets: delay as on a link, order kept, and no more held than a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

WRITE_BUFFER = 256 << 10
"""Bytes that wait for a slow reader before the other side is no longer read; a read adds at most as many."""
IN_FLIGHT = 1 << 20
"""Bytes under way on a link with latency before the client is no longer read."""


class Listener(Protocol):
    """Who is told what happens on a side."""

    def received(self, side: Side, data: bytes) -> None:
        """Bytes came."""

    def ended(self, side: Side) -> None:
        """The peer will send nothing more."""

    def lost(self, side: Side) -> None:
        """The socket has gone."""

    def pressed(self, side: Side, *, full: bool) -> None:
        """The peer reads slowly, or does so no longer."""


class Side(asyncio.Protocol):
    """One socket of a connection. asyncio sets TCP_NODELAY on it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._reasons: set[str] = set()
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        transport = cast("asyncio.Transport", transport)  # TCP gives both directions
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._transport = transport
        self.open = True
        if self._reasons:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        self._listener.received(self, data)

    def eof_received(self) -> bool:
        """Pass the end of the stream on, and keep the other direction open."""
        self._listener.ended(self)
        return True  # the other direction may still have something to say

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Tell that the socket has gone."""
        self.open = False
        self._listener.lost(self)

    def pause_writing(self) -> None:
        """Tell that the peer reads slowly."""
        self._listener.pressed(self, full=True)

    def resume_writing(self) -> None:
        """Tell that the peer has caught up."""
        self._listener.pressed(self, full=False)

    def write(self, data: bytes) -> None:
        """Send bytes, or drop them when the socket has gone."""
        if self.open and self._transport is not None:
            self._transport.write(data)

    def write_eof(self) -> None:
        """Say that nothing more will be sent, once all has been."""
        if self.open and self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close the socket once everything written has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the socket now."""
        if self._transport is not None:
            self._transport.abort()

    def stop_reading(self, reason: str) -> None:
        """Read no more until `reason` and every other reason is gone."""
        if not self._reasons and self.open and self._transport is not None:
            self._transport.pause_reading()
        self._reasons.add(reason)

    def go_on_reading(self, reason: str) -> None:
        """Withdraw a reason not to read."""
        if reason in self._reasons:
            self._reasons.remove(reason)
            if not self._reasons and self.open and self._transport is not None:
                self._transport.resume_reading()

    @property
    def buffered(self) -> int:
        """Bytes written here that the kernel has not taken."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0


class Link:
    """One direction with latency: each piece is delivered that long after it was sent, in order."""

    def __init__(
        self,
        deliver: Callable[[bytes], None],
        finish: Callable[[], None],
        crowded: Callable[[bool], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._finish = finish
        self._crowded = crowded
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is under way."""
        return not self._queue

    def send(self, data: bytes, latency: float) -> None:
        """Send bytes over the link, which takes `latency` seconds."""
        if latency <= 0 and not self._queue:
            self._deliver(data)
        else:
            self._enqueue(data, latency)

    def end(self, latency: float) -> None:
        """Send the end of the stream."""
        if latency <= 0 and not self._queue:
            self._finish()
        else:
            self._enqueue(None, latency)

    def drop(self) -> None:
        """Forget what is under way."""
        self._queue.clear()
        self._bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enqueue(self, data: bytes | None, latency: float) -> None:
        due = self._loop.time() + max(latency, 0)
        self._queue.append((due, data))
        if data is not None:
            self._bytes += len(data)
            if self._bytes > IN_FLIGHT:
                self._crowded(True)  # noqa: FBT003 -- a callback
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        now = self._loop.time()
        # in the order of sending: what was sent later at a smaller latency waits for what was sent before it
        while self._queue and self._queue[0][0] <= now:
            data = self._queue.popleft()[1]
            if data is None:
                self._finish()
                continue
            self._bytes -= len(data)
            self._deliver(data)
        if self._bytes <= IN_FLIGHT:
            self._crowded(False)  # noqa: FBT003 -- a callback
        if self._queue:
            self._timer = self._loop.call_at(self._queue[0][0], self._arrive)
