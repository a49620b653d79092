"""Where messages of the Redis protocol begin and end, RESP2 and RESP3, both directions: bytes in, values out.

hiredis reads the values. It would hold a message whole, and a value may be 512 MB, so what it is given is an
abridgement: long strings are cut, and what follows in a message that is already long is left out. The bytes that
travel are not touched by this.
"""

from __future__ import annotations

from typing import NamedTuple

import hiredis

KEPT = 4 << 10
"""Bytes kept of one string."""
BUDGET = 64 << 10
"""Bytes kept of one message; further elements are read as null."""
DEPTH = 4
"""Levels of nesting that are kept; deeper aggregates are read as null."""
_HEADER = 32
_LINES = b"+-:,#_("
_STRINGS = b"$=!"
_AGGREGATES = b"*~>%|"


class ProtocolError(Exception):
    """Bytes that cannot be a message of the protocol."""


class Message(NamedTuple):
    """One reply, push message or command."""

    kind: str
    """The type byte as a character; `inline` for a command that is a plain line."""
    value: object
    """As hiredis reads it, abridged."""
    elements: int
    """Of an array, set or push its elements, of a map its pairs; 0 for null, 1 for anything else."""
    size: int
    end: int
    """Offset, in the bytes given to `feed`, just behind the message."""


class Framer:
    """Cuts one direction of a connection into messages; it can be fed at any byte boundary."""

    def __init__(self, *, from_client: bool) -> None:
        self._from_client = from_client
        self._line = b""
        self._line_long = False
        self._size = 0
        self._string_left = 0
        self._string_kept = 0
        self._open: list[tuple[int, bool, bool]] = []
        """Of each open aggregate: elements to come, whether it is an attribute, whether it is left out."""
        self._muted = 0
        """How many of the innermost open aggregates are left out of the abridgement."""
        self._kind = ""
        self._elements = 1
        self._abridged = bytearray()
        self._reader = hiredis.Reader()

    @property
    def partial(self) -> int:
        """Bytes seen of an unfinished message."""
        return self._size

    @property
    def word(self) -> str:
        """The first word of the unfinished command, in upper case, if it has been seen."""
        parts = bytes(self._abridged[:400]).split(b"\r\n")
        return parts[2].decode("latin-1").upper() if len(parts) > 3 else ""  # noqa: PLR2004 -- "*n", "$n", the word

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that end in `data`; raises ProtocolError for what cannot be one."""
        messages: list[Message] = []
        position, length = 0, len(data)
        while position < length:
            start = position
            if self._string_left:
                position = min(length, position + self._string_left)
                if self._string_kept:
                    part = data[start : min(position, start + self._string_kept)]
                    self._abridged += part
                    self._string_kept -= len(part)
                self._string_left -= position - start
                done = not self._string_left
                if done and not self._muted:
                    self._abridged += b"\r\n"
            else:
                position = data.find(b"\n", start) + 1
                if not position:
                    self._keep_line(data[start:])
                    self._size += length - start
                    break
                self._keep_line(data[start:position])
                line, self._line = self._line, b""
                if self._line_long:
                    line, self._line_long = line[:BUDGET] + b"\r\n", False
                done = self._read(line)
            self._size += position - start
            if done and self._complete():
                self._emit(position, messages)
        return messages

    def _keep_line(self, part: bytes) -> None:
        if not self._line_long:
            self._line += part
            self._line_long = len(self._line) > BUDGET

    def _read(self, line: bytes) -> bool:
        """Take a line; return whether it completes an element."""
        code = line[0]
        top = not self._open and not self._abridged
        if self._from_client and top and code != ord("*"):
            return self._inline(line)
        if self._from_client and not top and code != ord("$"):
            message = f"expected a string, got {chr(code)!r}"
            raise ProtocolError(message)
        if top and code != ord("|"):
            self._kind, self._elements = chr(code), 1
        if code in _LINES:
            self._add(line)
            if top and code == ord("_"):
                self._elements = 0
            return True
        count = _length(line)
        if count < 0:
            self._add(b"_\r\n")
            self._elements = 0 if top else self._elements
            return True
        if code in _STRINGS:
            self._begin_string(code, count)
            return False
        if code in _AGGREGATES:
            return self._begin_aggregate(code, count, top=top)
        message = f"no type begins with {chr(code)!r}"
        raise ProtocolError(message)

    def _inline(self, line: bytes) -> bool:
        self._kind, self._elements = "inline", 1
        words = line.split()
        self._abridged += b"*%d\r\n" % len(words)
        for word in words:
            self._abridged += b"$%d\r\n%b\r\n" % (len(word), word)
        return True

    def _add(self, line: bytes) -> None:
        if not self._muted:
            self._abridged += line if len(self._abridged) < BUDGET else b"_\r\n"

    def _begin_string(self, code: int, count: int) -> None:
        self._string_left = count + 2
        if self._muted:
            self._string_kept = 0
        else:
            self._string_kept = min(count, KEPT if len(self._abridged) < BUDGET else 0)
            self._abridged += b"-" if code == ord("!") else b"$%d\r\n" % self._string_kept

    def _begin_aggregate(self, code: int, count: int, *, top: bool) -> bool:
        attribute = code == ord("|")
        if top and not attribute:
            self._elements = count
        elements = count * 2 if code in b"%|" else count
        muted = attribute or self._muted > 0 or len(self._open) >= DEPTH or len(self._abridged) >= BUDGET
        if not muted:
            self._add(b"%c%d\r\n" % (code if code == ord(">") else ord("*"), elements))
        elif not attribute:
            self._add(b"_\r\n")
        if not elements:
            return not attribute
        self._muted += muted
        self._open.append((elements, attribute, muted))
        return False

    def _complete(self) -> bool:
        """Count a completed element; return whether that completes the message."""
        while self._open:
            left, attribute, muted = self._open.pop()
            if left > 1:
                self._open.append((left - 1, attribute, muted))
                return False
            self._muted -= muted
            if attribute:  # it stands before the element that it describes
                return False
        return True

    def _emit(self, position: int, messages: list[Message]) -> None:
        self._reader.feed(bytes(self._abridged))
        try:
            value = self._reader.gets()
        except hiredis.HiredisError:
            self._reader, value = hiredis.Reader(), None
        messages.append(Message(self._kind, value, self._elements, self._size, position))
        self._abridged.clear()
        self._size = 0


def _length(line: bytes) -> int:
    try:
        return int(line[1:_HEADER])
    except ValueError:
        message = f"expected a length, got {line[:_HEADER]!r}"
        raise ProtocolError(message) from None


def command(*words: bytes) -> bytes:
    """Return a command as it travels."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
