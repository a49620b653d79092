"""Where messages of the PostgreSQL protocol begin and end: bytes in, frames out, never more held than a bound.

Message formats: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

from typing import NamedTuple

HELD = 256 << 10
"""Bytes held of one message's body; of a longer one the first `HELD` and the last `TAIL`."""
TAIL = 4 << 10
MAX_STARTUP = 10_000
"""The server's own limit for a startup packet (MAX_STARTUP_PACKET_LENGTH)."""
MAX_MESSAGE = (1 << 30) + (1 << 20)
"""Just above the server's limit for any message of a client (PQ_LARGE_MESSAGE_LIMIT, 1 GB)."""

STARTUP, SSL_REQUEST, GSS_REQUEST, CANCEL = "startup", "ssl", "gss", "cancel"
_UNTYPED = {80877103: SSL_REQUEST, 80877104: GSS_REQUEST, 80877102: CANCEL}

_HEADER = 5
_LENGTH = 4
_UNTYPED_HEADER = 8
_RUNS = frozenset(b"Dd")
"""Kinds that come in long runs and whose bodies nobody reads, from the server: DataRow, CopyData."""
_SKIPPED_FROM_SERVER = frozenset(b"DdVTA")
_SKIPPED_FROM_CLIENT = frozenset(b"d")
_NAMES = [chr(code) for code in range(256)]


class ProtocolError(Exception):
    """Bytes that cannot be a message of the protocol."""


class Frame(NamedTuple):  # a tuple: a dozen are made in each round trip, and it is half the price of a dataclass
    """One message, or a run of messages of a kind whose bodies are not held."""

    kind: str
    """The type byte as a character, or one of `STARTUP`, `SSL_REQUEST`, `GSS_REQUEST`, `CANCEL`."""
    body: bytes
    """The body, or its first `HELD` bytes; empty for a kind that is not held."""
    tail: bytes
    """The last `TAIL` bytes of a body longer than `HELD`."""
    size: int
    """Bytes on the wire, headers included, of all its messages."""
    messages: int
    end: int
    """Offset, in the bytes given to `feed`, just behind the frame."""


class Framer:
    """Cuts one direction of a connection into frames; it can be fed at any byte boundary."""

    def __init__(self, *, from_client: bool) -> None:
        self._typed = not from_client
        self._runs = frozenset(b"d") if from_client else _RUNS
        self._skipped = _SKIPPED_FROM_CLIENT if from_client else _SKIPPED_FROM_SERVER
        self._from_client = from_client
        self._header = b""
        self._kind = ""
        self._size = 0
        self._left = 0
        self._holds = False
        self._body = bytearray()
        self._tail = b""

    def hold_rows(self, hold: bool) -> None:  # noqa: FBT001 -- a switch
        """Hold the bodies of a server's RowDescriptions and DataRows from the next message on, or do so no longer."""
        if not self._from_client:
            self._runs = frozenset(b"d") if hold else _RUNS
            self._skipped = frozenset(b"dVA") if hold else _SKIPPED_FROM_SERVER

    @property
    def partial(self) -> bool:
        """Whether bytes of an unfinished message have been seen."""
        return bool(self._header) or self._left > 0

    @property
    def streaming(self) -> bool:
        """Whether the unfinished message is of a kind that is not held."""
        return self._left > 0 and not self._holds

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that end in `data`; raises ProtocolError for what cannot be a message."""
        frames: list[Frame] = []
        position = 0
        while position < len(data):
            if self._left:
                position = self._continue(data, position, frames)
            elif not self._typed:
                position = self._begin_untyped(data, position, frames)
            else:
                if not self._header:
                    position = self._whole(data, position, frames)
                position = self._begin(data, position, frames)
        return frames

    def _whole(self, data: bytes, position: int, frames: list[Frame]) -> int:
        """Take the messages that lie in `data` from first to last byte."""
        length = len(data)
        while length - position >= _HEADER:
            code = data[position]
            size = int.from_bytes(data[position + 1 : position + _HEADER], "big") + 1
            stop = position + size
            if stop > length or size < _HEADER:
                break
            if code in self._runs:
                count, start = 1, position
                while (
                    length - stop >= _HEADER
                    and data[stop] == code
                    and (size := int.from_bytes(data[stop + 1 : stop + _HEADER], "big") + 1) <= length - stop
                    and size >= _HEADER
                ):
                    stop += size
                    count += 1
                frames.append(Frame(_NAMES[code], b"", b"", stop - start, count, stop))
            elif code in self._skipped:
                frames.append(Frame(_NAMES[code], b"", b"", size, 1, stop))
            elif size - _HEADER > HELD:
                body = data[position + _HEADER : position + _HEADER + HELD]
                frames.append(Frame(_NAMES[code], body, data[stop - TAIL : stop], size, 1, stop))
            else:
                frames.append(Frame(_NAMES[code], data[position + _HEADER : stop], b"", size, 1, stop))
            position = stop
        return position

    def _begin(self, data: bytes, position: int, frames: list[Frame]) -> int:
        taken = data[position : position + _HEADER - len(self._header)]
        self._header += taken
        position += len(taken)
        if len(self._header) == _HEADER:
            code = self._header[0]
            size = int.from_bytes(self._header[1:], "big") + 1
            if not _HEADER <= size <= MAX_MESSAGE:
                message = f"a message of kind {chr(code)!r} cannot be {size - 1} bytes long"
                raise ProtocolError(message)
            self._open(_NAMES[code], size, _HEADER, holds=code not in self._skipped)
            if not self._left:
                self._finish(position, frames)
        return position

    def _begin_untyped(self, data: bytes, position: int, frames: list[Frame]) -> int:
        """Begin a packet of the startup phase: a length and a code, without a type byte."""
        taken = data[position : position + _UNTYPED_HEADER - len(self._header)]
        self._header += taken
        position += len(taken)
        if len(self._header) >= _LENGTH:
            size = int.from_bytes(self._header[:_LENGTH], "big")
            if not _UNTYPED_HEADER <= size <= MAX_STARTUP:
                message = f"a startup packet cannot be {size} bytes long"
                raise ProtocolError(message)
            if len(self._header) == _UNTYPED_HEADER:
                kind = _UNTYPED.get(int.from_bytes(self._header[_LENGTH:], "big"), STARTUP)
                body = self._header[_LENGTH:]
                self._open(kind, size, _UNTYPED_HEADER, holds=True)
                self._body += body
                self._typed = kind in {STARTUP, CANCEL}
                if not self._left:
                    self._finish(position, frames)
        return position

    def _open(self, kind: str, size: int, seen: int, *, holds: bool) -> None:
        self._kind, self._size, self._left, self._holds = kind, size, size - seen, holds
        self._header = b""
        self._body = bytearray()
        self._tail = b""

    def _continue(self, data: bytes, position: int, frames: list[Frame]) -> int:
        stop = min(len(data), position + self._left)
        if self._holds:
            if len(self._body) < HELD:
                self._body += data[position : min(stop, position + HELD - len(self._body))]
            if self._size - _HEADER > HELD:
                self._tail = (self._tail + data[max(position, stop - TAIL) : stop])[-TAIL:]
        self._left -= stop - position
        if not self._left:
            self._finish(stop, frames)
        return stop

    def _finish(self, position: int, frames: list[Frame]) -> None:
        frames.append(Frame(self._kind, bytes(self._body), self._tail, self._size, 1, position))
        self._body = bytearray()
        self._tail = b""
