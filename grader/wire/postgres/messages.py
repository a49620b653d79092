"""The bodies of the PostgreSQL protocol's messages, read and written as plain values."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from grader.wire.postgres.frames import ProtocolError

SYNC = b"S\x00\x00\x00\x04"
AUTHENTICATION_OK = 0
CLEARTEXT = 3
MD5 = 5
SASL, SASL_CONTINUE, SASL_FINAL = 10, 11, 12

CLEARTEXT_REQUEST = b"R\x00\x00\x00\x08\x00\x00\x00\x03"
REFUSED_ENCRYPTION = b"N"


@dataclass(frozen=True, slots=True)
class Startup:
    """A client's first packet; `version` is major * 65536 + minor."""

    version: int
    parameters: dict[str, str]

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings among the parameters, those in `options` too (`-c name=value`, `--name=value`)."""
        found = {name: value for name, value in self.parameters.items() if name not in {"user", "database", "options"}}
        words = re.split(r"(?<!\\)\s+", self.parameters.get("options", "").strip())
        for word in words:
            name, equals, value = word.removeprefix("-c").removeprefix("--").replace("\\", "").partition("=")
            if equals:
                found[name.strip().replace("-", "_")] = value
        return found


@dataclass(frozen=True, slots=True)
class Parse:
    """A Parse message; `oids` are the parameter types that the client gave, 0 for those it left open."""

    name: bytes
    text: bytes
    oids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bind:
    """A Bind message; of one that was cut only the values seen whole, and what was seen of the next."""

    portal: bytes
    name: bytes
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    results: tuple[int, ...] = ()
    """Format codes asked for the result's columns."""

    def format(self, index: int) -> int:
        """Return the format code of a value: 0 text, 1 binary. None given means text, one stands for all."""
        if not self.formats:
            return 0
        return self.formats[index] if index < len(self.formats) else self.formats[0]


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message as it travels: type, length, body."""
    return kind + struct.pack("!I", len(body) + 4) + body


def error_response(sqlstate: str, text: str, *, hint: str = "") -> bytes:
    """Return a FATAL ErrorResponse."""
    fields = [("S", "FATAL"), ("V", "FATAL"), ("C", sqlstate), ("M", text)]
    if hint:
        fields.append(("H", hint))
    body = b"".join(name.encode() + value.encode() + b"\0" for name, value in fields)
    return message(b"E", body + b"\0")


def cstring(body: bytes, start: int = 0) -> tuple[bytes, int]:
    """Return the zero-terminated string at `start` (or what is there of it) and the offset behind it."""
    stop = body.find(b"\0", start)
    return (body[start:], len(body)) if stop < 0 else (body[start:stop], stop + 1)


def read_startup(body: bytes) -> Startup:
    """Read a startup packet's body; raises ProtocolError when its parameters are not pairs of strings."""
    parts = body[4:].split(b"\0")
    if len(parts) < 2 or parts[-1] or parts[-2] or len(parts) % 2:  # noqa: PLR2004 -- "\0" ends pairs and packet
        raise ProtocolError("a startup packet's parameters are not pairs of strings")
    texts = [part.decode("utf-8", "replace") for part in parts[:-2]]
    return Startup(int.from_bytes(body[:4], "big"), dict(zip(texts[::2], texts[1::2], strict=True)))


def read_parse(body: bytes) -> Parse:
    """Read a Parse message's body."""
    name, position = cstring(body)
    text, position = cstring(body, position)
    count = int.from_bytes(body[position : position + 2], "big")
    count = min(count, (len(body) - position - 2) // 4)
    oids = struct.unpack_from(f"!{count}I", body, position + 2) if count > 0 else ()
    return Parse(name, text, oids)


def read_bind(body: bytes, limit: int) -> Bind:
    """Read a Bind message's body, and at most `limit` of its values."""
    portal, position = cstring(body)
    name, position = cstring(body, position)
    try:
        (count,) = struct.unpack_from("!H", body, position)
        formats = struct.unpack_from(f"!{count}H", body, position + 2)
        position += 2 + 2 * count
        (count,) = struct.unpack_from("!H", body, position)
        position += 2
    except struct.error:
        return Bind(portal, name, (), ())
    values: list[bytes | None] = []
    for _ in range(min(count, limit)):
        if position + 4 > len(body):
            break
        (size,) = struct.unpack_from("!i", body, position)
        position += 4
        values.append(None if size < 0 else body[position : position + size])
        position += max(size, 0)
    return Bind(portal, name, formats, tuple(values), _read_codes(body, position) if len(values) == count else ())


def _read_codes(body: bytes, position: int) -> tuple[int, ...]:
    """Return a counted list of 16-bit codes, or none where the body is too short for it."""
    try:
        (count,) = struct.unpack_from("!H", body, position)
        return struct.unpack_from(f"!{count}H", body, position + 2)
    except struct.error:
        return ()


def read_parameter_description(body: bytes) -> tuple[int, ...]:
    """Return the parameter types of a ParameterDescription."""
    count = min(int.from_bytes(body[:2], "big"), (len(body) - 2) // 4)
    return struct.unpack_from(f"!{count}I", body, 2) if count > 0 else ()


def read_error(body: bytes) -> tuple[str, str]:
    """Return the SQLSTATE and the primary message of an ErrorResponse."""
    fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
    return fields.get(b"C", b"").decode("ascii", "replace"), fields.get(b"M", b"").decode("utf-8", "replace")
