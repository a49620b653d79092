"""What a replica printed: the beginning and the end are kept, the middle is counted."""

from __future__ import annotations

from collections import deque


class Log:
    """Takes any number of bytes and keeps about `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._cut = 0

    def feed(self, data: bytes) -> None:
        """Take what was read from the pipe."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._tail_bytes += len(data)
        while self._tail_bytes - len(self._tail[0]) >= self._half:
            dropped = len(self._tail.popleft())
            self._tail_bytes -= dropped
            self._cut += dropped

    def text(self) -> str:
        """Return what is kept; bytes that are not UTF-8 are shown as U+FFFD."""
        tail = b"".join(self._tail)
        extra = max(len(tail) - self._half, 0)
        cut = self._cut + extra
        if not cut:
            return (bytes(self._head) + tail).decode(errors="replace")
        head = self._head.decode(errors="replace")
        return f"{head}\n… {_size(cut)} more …\n{tail[extra:].decode(errors='replace')}"


def _size(count: int) -> str:
    for unit, name in ((1 << 20, "MB"), (1 << 10, "KB")):
        if count >= unit:
            return f"{count / unit:,.0f} {name}"
    return f"{count} bytes"
