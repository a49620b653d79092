"""One connection of a client that calls the outside service: h11 reads and writes it, the gates hold its calls."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import h11

from grader.wire.connection import Connection
from grader.wire.link import IN_FLIGHT
from grader.wire.outside.values import Call, Reply
from grader.wire.proxy import Fail
from grader.wire.recorder import VALUES_CAP, Result, RoundTrip, Statement

if TYPE_CHECKING:
    from grader.wire.outside.service import OutsideService

MOST_HEADERS = 64 << 10
"""Bytes of a request before its body."""
MOST_BODY = 1 << 20
_TOO_LARGE, _UNAVAILABLE = 413, 503
_ERRORS = 400
"""The least status that says that something went wrong."""
_LOST = "LOST"


class HttpConnection(Connection):
    """A client's connection, from its first request to its end; requests that follow each other wait their turn."""

    def __init__(self, service: OutsideService, number: int) -> None:
        super().__init__(service, number)
        self._service = service
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEADERS)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._refused = False
        self._statement: Statement | None = None
        """The call at hand."""

    @property
    def idle(self) -> bool:
        """Whether no call is at hand or half sent."""
        return self._over or (self._statement is None and self._request is None and not self._http.trailing_data[0])

    @property
    def _stepping(self) -> bool:
        return self._statement is not None

    @property
    def in_transaction(self) -> bool:
        """HTTP has none."""
        return False

    def refuse(self) -> None:
        """Turn the client away at its first byte."""
        self._refused = True

    def over(self) -> None:
        """Note a call that will never be answered."""
        self.counted = False
        statement, self._statement = self._statement, None
        if statement is not None:
            if not statement.done:
                statement.error = _LOST
                statement.error_message = "the connection ended before the answer"
                _finish(statement)
            if statement.released:
                self.report(statement)

    def from_server(self, data: bytes) -> None:
        """There is no server."""

    # requests

    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._over:
            return
        if self._refused:
            self._turn_away(_UNAVAILABLE)
            return
        self._http.receive_data(data)
        if self._statement is None:
            self._read_on()
        elif len(self._http.trailing_data[0]) > IN_FLIGHT:
            self.client.stop_reading("call")  # not sooner: only who reads learns that a client has gone

    def _read_on(self) -> None:
        try:
            while self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._turn_away(error.error_status_hint)
        self.proxy.look()

    def _take(self, event: h11.Event | type[h11.NEED_DATA | h11.PAUSED]) -> bool:
        """Take what h11 read; return False when there is nothing more to read for now."""
        if isinstance(event, h11.Request):
            self._request = event
            self._body.clear()
            if self._http.they_are_waiting_for_100_continue:
                self.client.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            return True
        if isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MOST_BODY:
                self._turn_away(_TOO_LARGE)
                return False
            return True
        if isinstance(event, h11.EndOfMessage) and self._request is not None:
            self._begin(self._request, bytes(self._body))
            self._request = None
        return False

    def _begin(self, request: h11.Request, body: bytes) -> None:
        text = f"{request.method.decode()} {request.target.decode('latin-1')}"
        proxy = self.proxy
        statement = Statement(0, proxy.replica, self.number, "http", text, started=time.perf_counter())
        statement.step = (statement,)
        proxy.recorder.add_round_trip(RoundTrip(proxy.replica, self.number, "http"))
        proxy.recorder.add(statement)
        proxy.recorder.add_parameters(statement, (body.decode("utf-8", "backslashreplace"),))
        self._statement = statement
        self.start(asyncio.get_running_loop().create_task(self._serve(statement, request, body)))

    def _turn_away(self, status: int) -> None:
        """Answer with an error and read no more; the client closes, so that what it still sends does no harm."""
        self.client.write(self._written(Reply(status, headers={"connection": "close"})))
        self.client.write_eof()
        self._close_book()

    # answers

    async def _serve(self, statement: Statement, request: h11.Request, body: bytes) -> None:
        fault = None
        try:
            if not await self.ask(self.proxy.gate, statement):
                return
        except Fail as ordered:
            fault = ordered
        statement.released = True
        statement.started = time.perf_counter()
        try:
            if fault is not None:
                reply = Reply(int(fault.sqlstate), {"detail": fault.message})
            else:
                number = self._service.number()
                reply = await self._service.work(_call(request, body, self.proxy.replica, number))
            data = self._written(reply, head=request.method == b"HEAD")
        except Exception as error:  # noqa: BLE001 -- a handler may raise anything; the service keeps it
            self._service.keep(error)
            self.end()
            return
        self._note(statement, reply, len(data))
        if await self.ask(self.proxy.reply_gate, statement):
            self.client.write(data)
            self._statement = None
            self.report(statement)
            self._go_on()

    def _note(self, statement: Statement, reply: Reply, size: int) -> None:
        statement.command = str(reply.status)
        statement.bytes = size
        if reply.status >= _ERRORS:
            statement.error = str(reply.status)
        if self.proxy.keep_results:
            members = reply.json if isinstance(reply.json, dict) else {} if reply.json is None else {"body": reply.json}
            values = (value if isinstance(value, str) else json.dumps(value) for value in members.values())
            row = (str(reply.status), *(value[:VALUES_CAP] for value in values))
            statement.result = Result(("status", *members), [row])
        _finish(statement)

    def _go_on(self) -> None:
        """Read the next request, or close the connection where there can be none."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self.client.go_on_reading("call")
            self._read_on()
        else:
            self.client.close()
            self._close_book()

    def _written(self, reply: Reply, *, head: bool = False) -> bytes:
        body = b"" if reply.json is None else json.dumps(reply.json).encode()
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if reply.json is not None:
            headers = {"content-type": "application/json"} | headers | {"content-length": str(len(body))}
        events = (
            h11.Response(status_code=reply.status, headers=list(headers.items())),
            h11.Data(data=b"" if head else body),
            h11.EndOfMessage(),
        )
        return b"".join(self._http.send(event) or b"" for event in events)


def _call(request: h11.Request, body: bytes, replica: str, number: int) -> Call:
    path, _, query = request.target.decode("latin-1").partition("?")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
    return Call(replica, number, request.method.decode(), path, query, dict(headers), headers, body)


def _finish(statement: Statement) -> None:
    statement.seconds = time.perf_counter() - statement.started
    statement.done = statement.answered = True
