"""What a traced replica tells of calls and imports between its modules: one JSON object a line."""

from __future__ import annotations

import json

from grader.replica.values import Edge
from grader.verdict import Place

MOST_BYTES = 1 << 20
"""The longest line, and MOST_EDGES of them, that are kept: a submission that finds the pipe may write to it."""
MOST_EDGES = 20_000


class Edges:
    """The edges that were told so far."""

    def __init__(self) -> None:
        self._rest = b""
        self._seen: list[Edge] = []

    @property
    def seen(self) -> tuple[Edge, ...]:
        """They, in the order in which they were seen first."""
        return tuple(self._seen)

    def feed(self, data: bytes) -> None:
        """Take what came out of the pipe; what is no edge is left out."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            self._rest = b""
        for line in lines:
            edge = _edge(line)
            if edge is not None and len(self._seen) < MOST_EDGES:
                self._seen.append(edge)


def _edge(line: bytes) -> Edge | None:
    try:
        message = json.loads(line)
        return Edge(
            target=Place(str(message["file"]), int(message["line"])),
            function=str(message["function"]),
            callers=tuple(Place(str(file), int(number)) for file, number in message["callers"]),
            request=str(message["request"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
