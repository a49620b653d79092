"""Messages of the PostgreSQL protocol for scripted conversations."""

from __future__ import annotations

import struct

from grader.wire.postgres.conversation import Conversation
from grader.wire.postgres.frames import Framer
from grader.wire.recorder import Recorder


def message(kind: str, body: bytes = b"") -> bytes:
    """Return a message."""
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def startup(version: int = 196608, **parameters: str) -> bytes:
    """Return a startup packet."""
    body = struct.pack("!I", version)
    body += b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def query(text: str) -> bytes:
    """Return a Query."""
    return message("Q", text.encode() + b"\0")


def parse(text: str, name: str = "", oids: tuple[int, ...] = ()) -> bytes:
    """Return a Parse."""
    return message("P", f"{name}\0{text}\0".encode() + struct.pack(f"!H{len(oids)}I", len(oids), *oids))


def bind(*values: bytes | None, name: str = "", portal: str = "", formats: tuple[int, ...] = ()) -> bytes:
    """Return a Bind."""
    body = f"{portal}\0{name}\0".encode() + struct.pack(f"!H{len(formats)}H", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!H", 0))


def execute(portal: str = "", limit: int = 0) -> bytes:
    """Return an Execute."""
    return message("E", portal.encode() + b"\0" + struct.pack("!I", limit))


def run(text: str, *values: bytes) -> bytes:
    """Return Parse, Bind, Describe and Execute of one statement."""
    return parse(text) + bind(*values) + message("D", b"P\0") + execute()


def error(sqlstate: str, text: str) -> bytes:
    """Return an ErrorResponse."""
    return message("E", f"SERROR\0C{sqlstate}\0M{text}\0\0".encode())


def complete(tag: str) -> bytes:
    """Return a CommandComplete."""
    return message("C", tag.encode() + b"\0")


def ready(status: str = "I") -> bytes:
    """Return a ReadyForQuery."""
    return message("Z", status.encode())


SYNC, FLUSH = message("S"), message("H")
PARSED, BOUND, CLOSED, NO_DATA, SUSPENDED = (message(kind) for kind in "123ns")
ROW = message("D", b"\0\1\0\0\0\x011")
DESCRIBED = message("T", b"\0\0")


class Scripted:
    """A conversation without sockets."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.conversation = Conversation("A", 1, self.recorder)
        self._client = Framer(from_client=True)
        self._server = Framer(from_client=False)
        self._client.feed(startup(user="ada"))

    def says(self, *messages: bytes) -> Scripted:
        """Let the client say something."""
        for frame in self._client.feed(b"".join(messages)):
            self.conversation.sent(frame)
        return self

    def hears(self, *messages: bytes) -> Scripted:
        """Let the server answer."""
        for frame in self._server.feed(b"".join(messages)):
            self.conversation.answered(frame)
        return self
