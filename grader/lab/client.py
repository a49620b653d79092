"""The HTTP client that requests are sent with: h11 on a connection of its own for each request.

A connection that is used again may die with the request before it; see docs/decisions/0004.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
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


async def call(port: int, request: Request, sent: Callable[[], None] | None = None) -> Raw:
    """Return the answer of the service at 127.0.0.1:`port`; NoAnswerError or TooLargeError where there is none.

    `sent` is called when the request has been written.
    """
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            connection = h11.Connection(h11.CLIENT)
            writer.write(_sent(connection, port, request))
            if sent is not None:
                sent()
            return await _received(connection, reader)
        finally:
            writer.close()
    except (OSError, h11.RemoteProtocolError) as error:
        raise NoAnswerError(str(error)) from error


def _sent(connection: h11.Connection, port: int, request: Request) -> bytes:
    body = request.body
    target = request.path + (f"?{urlencode(request.params)}" if request.params else "")
    given = [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    headers = [(b"host", b"127.0.0.1:%d" % port), (b"connection", b"close"), *given]
    if body is not None:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    events = (
        h11.Request(method=request.method, target=target, headers=headers),
        h11.Data(data=body or b""),
        h11.EndOfMessage(),
    )
    return b"".join(connection.send(event) or b"" for event in events)


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
