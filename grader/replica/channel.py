"""The grader's ends of sockets and pipes to other processes, read by its event loop."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

from grader.replica.launcher.messages import Framer, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHUNK = 1 << 18
_FULL_PIPE = 1 << 20
"""The most that a pipe can be made to hold (pipe(7), /proc/sys/fs/pipe-max-size)."""


class Pipe:
    """The reading end of a pipe: what comes out of it goes to `take`, until its end or `close()`."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._take = take
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> bool:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._descriptor)
            return False
        self._take(data)
        return True

    def drain(self) -> None:
        """Take what is in the pipe now."""
        for _ in range(_FULL_PIPE // _CHUNK if self._descriptor >= 0 else 0):
            if not self._read():
                break

    def close(self) -> None:
        """Take what is still in the pipe, then close it."""
        if self._descriptor < 0:
            return
        self.drain()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1


class Channel:
    """A socket for messages both ways; `ended` is called once, when the peer is gone."""

    def __init__(self, sock: socket.socket, take: Callable[[dict[str, Any]], None], ended: Callable[[], None]) -> None:
        self._socket = sock
        self._take = take
        self._ended = ended
        self._framer = Framer()
        self._loop = asyncio.get_running_loop()
        self._sending = asyncio.Lock()
        sock.setblocking(False)  # noqa: FBT003 -- the call takes it by position only
        self._loop.add_reader(sock, self._read)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        for message in self._framer.feed(data):
            self._take(message)
        if not data:
            self.close()
            self._ended()

    async def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send one message and the descriptors that belong to it; a peer that is gone is noticed by reading."""
        data = encode(message)
        async with self._sending:
            while data and self._socket.fileno() >= 0:
                try:
                    sent = socket.send_fds(self._socket, [data], descriptors)
                except BlockingIOError:
                    await self._writable()
                except OSError:
                    return
                else:
                    data, descriptors = data[sent:], ()

    async def _writable(self) -> None:
        writable: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._socket, _set, writable)
        try:
            await writable
        finally:
            self._loop.remove_writer(self._socket)

    def close(self) -> None:
        """Close the socket, which the peer sees as the end."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
