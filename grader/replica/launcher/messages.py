"""Messages between the grader, the parent and the keepers: JSON behind its length, over a stream socket."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH = struct.Struct("!I")
_CHUNK = 1 << 16
_DESCRIPTORS = 64


def encode(message: dict[str, Any]) -> bytes:
    """Return the bytes of one message."""
    body = json.dumps(message).encode()
    return _LENGTH.pack(len(body)) + body


class Framer:
    """Bytes in, messages out; keeps what is incomplete."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield every message that `data` completes."""
        self._held += data
        while len(self._held) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._held)
            end = _LENGTH.size + length
            if len(self._held) < end:
                return
            body, self._held = self._held[_LENGTH.size : end], self._held[end:]
            yield json.loads(body)


def send(channel: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message and the descriptors that belong to it; a peer that is gone is no error."""
    data = encode(message)
    try:
        sent = socket.send_fds(channel, [data], descriptors) if descriptors else 0
        channel.sendall(data[sent:])
    except (BrokenPipeError, ConnectionResetError):
        return


class Inbox:
    """The receiving end of a blocking socket: whole messages, and the descriptors that came with them."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._framer = Framer()
        self.descriptors: list[int] = []
        self.closed = False

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that one read completes; sets `closed` when the peer is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, _CHUNK, _DESCRIPTORS)
        except ConnectionResetError:
            data, descriptors = b"", []
        self.descriptors.extend(descriptors)
        if not data:
            self.closed = True
            return []
        return list(self._framer.feed(data))

    def take(self, count: int) -> list[int]:
        """Return the oldest `count` descriptors."""
        taken, self.descriptors = self.descriptors[:count], self.descriptors[count:]
        return taken
