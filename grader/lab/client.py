"""The HTTP client that requests are sent with: h11 on a connection of its own for each request, or on a line.

A connection that is used again may die with the request before it; see docs/decisions/0004.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import h11

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.lab.http import Request

MOST_BYTES = 64 << 20
"""The largest answer that is read; a longer one is a finding."""
CHUNK = 64 << 10

Raw = tuple[int, dict[str, str], bytes]
"""Status, headers (names in lower case, the last of equal ones) and body of an answer."""


class NoAnswerError(Exception):
    """The connection was refused, or ended before an answer was whole."""


class TooLargeError(Exception):
    """The answer is larger than the grader reads."""


class Line:
    """A connection to one replica that is kept from one request to the next, for who sends one at a time.

    Between two requests the replica has to come to rest: what it does to the connection after an answer is known then.
    """

    def __init__(self) -> None:
        self._kept: Open | None = None
        self._asked: tuple[Request, list[h11.Event]] | None = None

    def take(self) -> Open | None:
        """Take the connection, if there is one that the replica has not ended; who has it closes it or puts it back."""
        kept, self._kept = self._kept, None
        if kept is not None and (kept.reader.at_eof() or kept.writer.is_closing()):
            kept.writer.close()
            return None
        return kept

    def put_back(self, used: Open) -> bool:
        """Keep a connection whose answer was whole, and return True; False where it is good for one request only."""
        try:
            used.http.start_next_cycle()
        except h11.LocalProtocolError:
            return False
        self._kept = used
        return True

    def events(self, port: int, request: Request) -> list[h11.Event]:
        """Return what h11 is to send; an exploration sends one request a thousand times."""
        if self._asked is None or self._asked[0] is not request:
            self._asked = request, _events(port, request, keep=True)
        return self._asked[1]

    def close(self) -> None:
        """Let go of the connection."""
        if (kept := self.take()) is not None:
            kept.writer.close()


class Open(NamedTuple):
    """An open connection, and what was said over it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection


async def call(port: int, request: Request, sent: Callable[[], None] | None = None, line: Line | None = None) -> Raw:
    """Return the answer of the service at 127.0.0.1:`port`; NoAnswerError or TooLargeError where there is none.

    `sent` is called when the request has been written. It goes over a connection of its own, or over the `line`.
    """
    kept = False
    try:
        used = line.take() if line is not None else None
        if used is None:
            used = Open(*await asyncio.open_connection("127.0.0.1", port), h11.Connection(h11.CLIENT))
        try:
            events = line.events(port, request) if line is not None else _events(port, request, keep=False)
            used.writer.write(b"".join(used.http.send(event) or b"" for event in events))
            if sent is not None:
                sent()
            answer = await _received(used.http, used.reader)
            kept = line is not None and line.put_back(used)
            return answer
        finally:
            if not kept:
                used.writer.close()
    except (OSError, h11.RemoteProtocolError) as error:
        raise NoAnswerError(str(error)) from error


def _events(port: int, request: Request, *, keep: bool) -> list[h11.Event]:
    body = request.body
    target = request.path + (f"?{urlencode(request.params)}" if request.params else "")
    given = [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    headers = [(b"host", b"127.0.0.1:%d" % port), *given]
    if not keep:
        headers.append((b"connection", b"close"))
    if body is not None:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    begins = h11.Request(method=request.method, target=target, headers=headers)
    return [begins, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]


async def _received(connection: h11.Connection, reader: asyncio.StreamReader) -> Raw:
    body = bytearray()
    response: h11.Response | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MOST_BYTES:
                raise TooLargeError(f"the answer was longer than {MOST_BYTES >> 20} MB, and was not read to its end")
        elif isinstance(event, h11.EndOfMessage) and response is not None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
            return response.status_code, headers, bytes(body)
        elif isinstance(event, h11.ConnectionClosed):
            raise NoAnswerError("the connection ended")
