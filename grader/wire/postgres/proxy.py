"""The proxy for PostgreSQL: it logs in for its client, passes every byte after that, and notes what the bytes say."""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import quote

from grader.wire.connection import Connection
from grader.wire.link import IN_FLIGHT
from grader.wire.postgres import messages
from grader.wire.postgres.conversation import Conversation
from grader.wire.postgres.fault import Failing, raising
from grader.wire.postgres.frames import CANCEL, STARTUP, Frame, Framer, ProtocolError
from grader.wire.postgres.login import Login, LoginError
from grader.wire.proxy import LOGIN_SECONDS, Fail, Proxy
from grader.wire.recorder import Category

if TYPE_CHECKING:
    from grader.wire.link import Side
    from grader.wire.recorder import Statement

OUTSTANDING_HIGH, OUTSTANDING_LOW = 65_536, 32_768
"""Requests awaiting answers before a client is no longer read; far more than the server itself would leave unsent."""
HELD_CAP = 64 << 20
"""Bytes of one step that a gate may hold."""
_BOUNDARIES = frozenset("QSHF")
"""Query, Sync, Flush, FunctionCall: what makes the server answer, so that a client cannot wait before it."""
_UNGROUPED = frozenset("dcfX")
"""CopyData, CopyDone, CopyFail, Terminate: no part of a step."""


class PostgresProxy(Proxy):
    """A port that speaks PostgreSQL's protocol as the server does, for one role and one database."""

    scheme = "postgresql"

    def connection(self, number: int) -> Connection:
        """Return the handler of a new connection."""
        return PostgresConnection(self, number)

    @property
    def database(self) -> str:
        """The only database that can be reached; PostgreSQL's default is the user's name."""
        return self.upstream.database or self.upstream.user

    @property
    def url(self) -> str:
        """What the submission is given as DATABASE_URL: the real role and database, this proxy's secret and port."""
        user, database = quote(self.upstream.user, safe=""), quote(self.database, safe="")
        return f"{self.scheme}://{user}:{self.secret}@127.0.0.1:{self.port}/{database}"


class PostgresConnection(Connection):
    """A client's connection, from its first packet to its end."""

    def __init__(self, proxy: Proxy, number: int) -> None:
        super().__init__(proxy, number)
        self._from_client = Framer(from_client=True)
        self._from_server = Framer(from_client=False)
        self._conversation = Conversation(proxy.replica, number, proxy.recorder)
        self._login = Login(proxy.upstream.user, proxy.upstream.password)
        self._opening = bytearray()
        """The startup packet as it came; it is what the server gets."""
        self._phase = "startup"
        self._refused = False
        self._timer = asyncio.get_running_loop().call_later(LOGIN_SECONDS, self._too_late)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._failing = Failing()
        self._waiting: deque[tuple[bytes, int, list[Frame]]] = deque()
        self._gating = False
        self._early = b""
        """The answer to a step, as far as it has come, when its end waits for the reply gate."""

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight: no request unanswered, none held, no login under way."""
        if self._over or self._phase in {"cancel", "refused"}:
            return True
        return (
            self._phase == "open"
            and self._conversation.idle
            and not self._gating
            and not self._held
            and self.link.empty
            and not self._late
            and not self._from_client.partial
        )

    @property
    def _stepping(self) -> bool:
        return self._gating or bool(self._conversation.steps.under_way)

    @property
    def in_transaction(self) -> bool:
        """Whether the server's last ReadyForQuery named a transaction, whole or failed."""
        return not self._over and self._conversation.status != "I"

    @property
    def status(self) -> str:
        """What the server's last ReadyForQuery said: I, T or E."""
        return "I" if self._over else self._conversation.status

    def refuse(self) -> None:
        """Turn the client away once it has said who it is."""
        self._refused = True

    def over(self) -> None:
        """Note what will never be answered."""
        self._timer.cancel()
        self._conversation.lost()
        for step in self._conversation.steps.under_way:
            self.report(step)

    # from the client

    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        try:
            if self._phase == "open":
                if self.proxy.gate is None and not (self._gating or self._held or self._failing.skipping):
                    conversation = self._conversation
                    for frame in self._from_client.feed(data):
                        conversation.sent(frame)
                    self.link.send(data, self.proxy.latency)
                    if conversation.outstanding > OUTSTANDING_HIGH:
                        self.client.stop_reading("pipeline")
                else:
                    self._take(data)
            elif self._phase in {"startup", "password"}:
                self._greet(data)
            elif self._phase in {"connecting", "login"}:
                self._waiting.append((data, 0, self._from_client.feed(data)))
        except ProtocolError as error:
            self._turn_away("08P01", f"protocol violation: {error}")

    def _greet(self, data: bytes) -> None:
        """Take what comes before the server is reached: startup packets, then the password."""
        frames = self._from_client.feed(data)
        start = 0
        for index, frame in enumerate(frames):
            if self._phase == "startup":
                self._opening += data[start : frame.end]
                self._start_up(frame)
            elif self._phase == "password":
                if self._check(frame):
                    self._phase = "connecting"
                    self.client.stop_reading("connecting")
                    self._waiting.append((data, frame.end, frames[index + 1 :]))
                    self.start(asyncio.get_running_loop().create_task(self._reach(bytes(self._opening))))
                return
            start = frame.end
        if self._phase == "startup":
            self._opening += data[start:]

    def _start_up(self, frame: Frame) -> None:
        if frame.kind == CANCEL:
            self._phase = "cancel"
            self.counted = False
            self._timer.cancel()
            self.start(asyncio.get_running_loop().create_task(self._cancel(bytes(self._opening))))
            return
        if frame.kind != STARTUP:
            self._opening.clear()
            self.client.write(messages.REFUSED_ENCRYPTION)
            return
        startup = messages.read_startup(frame.body)
        user = startup.parameters.get("user", "")
        database = startup.parameters.get("database") or user
        proxy = self.proxy
        assert isinstance(proxy, PostgresProxy)  # noqa: S101 -- made by one; narrows the type
        if startup.version >> 16 != 3:  # noqa: PLR2004 -- the protocol's major version
            self._turn_away("0A000", f"protocol {startup.version >> 16}.{startup.version & 0xFFFF} is not supported")
        elif self._refused:
            self._turn_away("53300", f"too many connections: this replica already has {proxy.connections - 1} open")
        elif user != proxy.upstream.user:
            self._turn_away("28000", f'role "{user}" may not log in here; DATABASE_URL names "{proxy.upstream.user}"')
        elif database != proxy.database:
            self._turn_away("3D000", f'database "{database}" is not served here; DATABASE_URL names "{proxy.database}"')
        elif startup.parameters.get("replication", "false").lower() not in {"false", "off", "no", "0"}:
            self._turn_away("0A000", "replication connections are not served here")
        else:
            self._phase = "password"
            self.settings = startup.settings
            self.client.write(messages.CLEARTEXT_REQUEST)

    def _check(self, frame: Frame) -> bool:
        given = frame.body.rstrip(b"\0")
        if frame.kind == "p" and hmac.compare_digest(given, self.proxy.secret.encode()):
            return True
        user = self.proxy.upstream.user
        self._turn_away("28P01", f'password authentication failed for user "{user}"', hint="Connect with DATABASE_URL.")
        return False

    def _turn_away(self, sqlstate: str, text: str, *, hint: str = "") -> None:
        self._phase = "refused"
        self.counted = False
        self._timer.cancel()
        self.client.write(messages.error_response(sqlstate, text, hint=hint))
        self.client.close()
        if self.server is not None:
            self.server.abort()
        self._close_book()

    def _too_late(self) -> None:
        self.end()

    # reaching the server

    async def _reach(self, opening: bytes) -> None:
        try:
            await self.connect()
        except OSError:
            self._turn_away("08006", "the database server cannot be reached")
            return
        self._phase = "login"
        if self.server is not None:
            self.server.write(opening)

    async def _cancel(self, request: bytes) -> None:
        try:
            await self.connect()
        except OSError:
            self.end()
            return
        if self.server is not None:
            self.server.write(request)

    # from the server

    def from_server(self, data: bytes) -> None:
        """Take bytes from the server."""
        try:
            self._from_server.hold_rows(self.proxy.keep_results)
            data, frames = self._failing.cut(data, self._from_server.feed(data))
        except ProtocolError:
            self.end()
            return
        if self._phase == "login":
            self._log_in(data, frames)
            return
        conversation = self._conversation
        stepping = bool(conversation.steps.under_way)
        for frame in frames:
            self._note(frame)
        if stepping:
            self._answer_step(data)
        else:
            self.answer(None, data)
        if conversation.outstanding < OUTSTANDING_LOW:
            self.client.go_on_reading("pipeline")
        if conversation.idle:
            self.proxy.look()

    def _note(self, frame: Frame) -> None:
        if frame.kind == "K":  # BackendKeyData
            self.pid = int.from_bytes(frame.body[:4], "big")
        self._conversation.answered(frame)

    def _answer_step(self, data: bytes) -> None:
        """Pass on what came for the step under way; its end waits for the reply gate, if there is one."""
        steps = self._conversation.steps
        if self._conversation.idle:
            steps.ready()  # where a Flush ended what the client sent, no word of the server's does
        over = steps.take_over()
        if over is None and steps.answered and self.proxy.reply_gate is not None:
            self._early += data
            return
        data, self._early = self._early + data, b""
        self.answer(over, data)

    def _log_in(self, data: bytes, frames: list[Frame]) -> None:
        """Answer the server's authentication; what else it says, and all after that, is for the client."""
        start = 0
        for frame in frames:
            if frame.kind == "R":
                try:
                    answer = self._login.answer(frame)
                except LoginError as error:
                    self._turn_away("08001", f"the proxy cannot log in: {error}")
                    return
                if answer is None:
                    self._phase = "open"
                    self._timer.cancel()
                    self.client.write(data[start:])
                    for later in frames[frames.index(frame) + 1 :]:
                        self._note(later)
                    self._go_on()
                    return
                if answer and self.server is not None:
                    self.server.write(answer)
            else:
                self.client.write(data[start : frame.end])
            start = frame.end

    # the gate

    def _go_on(self) -> None:
        self.client.go_on_reading("connecting")
        self._drain()
        self.proxy.look()

    def _take(self, data: bytes) -> None:
        self._waiting.append((data, 0, self._from_client.feed(data)))
        if not self._gating:
            self._drain()
        elif sum(len(waiting) for waiting, _, _ in self._waiting) > IN_FLIGHT:
            self.client.stop_reading("gate")  # not sooner: only who reads learns that a client has gone

    def _drain(self) -> None:
        """Pass what is waiting, up to the next step that the gate must release."""
        while self._waiting and not self._gating:
            data, start, frames = self._waiting.popleft()
            for index, frame in enumerate(frames):
                self._conversation.sent(frame)
                self._hold(data[start : frame.end])
                start = frame.end
                if self._failing.skips(frame.kind):
                    self._take_held()
                elif frame.kind in _BOUNDARIES:
                    statement = self._conversation.steps.pending
                    if statement is not None and self.proxy.gate is not None:
                        self._waiting.appendleft((data, start, frames[index + 1 :]))
                        self._stop_at(statement)
                        return
                    self._let_go()
                elif frame.kind in _UNGROUPED:
                    self._let_go()
            if start < len(data):
                self._hold(data[start:])
            streaming = not self._waiting and self._from_client.streaming
            if not self._failing.skipping and (self.proxy.gate is None or streaming):
                self._let_go()
        if self._client_ended and not self._gating:
            self._let_go()
            super().client_ended()

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > HELD_CAP:
            self._turn_away("54000", f"a statement of more than {HELD_CAP >> 20} MB cannot be held at a gate")
            self._waiting.clear()

    def _take_held(self) -> bytes:
        held, self._held, self._held_bytes = self._held, [], 0
        return held[0] if len(held) == 1 else b"".join(held)

    def _let_go(self) -> None:
        if self._held:
            self.link.send(self._take_held(), self.proxy.latency)

    def _stop_at(self, statement: Statement) -> None:
        self._gating = True
        self.start(asyncio.get_running_loop().create_task(self._pass(statement)))

    async def _pass(self, statement: Statement) -> None:
        try:
            if not await self.ask(self.proxy.gate, statement):
                return
        except Fail as fault:
            self._replace(statement, fault)
        self._gating = False
        self._conversation.release()
        self._let_go()
        self.client.go_on_reading("gate")
        self._drain()
        self.proxy.look()

    def _replace(self, statement: Statement, fault: Fail) -> None:
        """Put what raises an error in the place of all that is held."""
        commits = statement.category is Category.COMMIT
        self._take_held()
        self._hold(raising(fault.sqlstate, fault.message, ends_transaction=commits))
        self._failing.begin(ends_transaction=commits, flushed=self._conversation.flushed)

    def client_ended(self) -> None:
        """Send the end of the client's stream after everything before it."""
        if self._gating:
            self.end()  # a client that leaves while its step is held: the step is never taken
        elif self._phase == "open":
            self._let_go()
            super().client_ended()

    def lost(self, side: Side) -> None:
        """Close one side when the other has gone."""
        if self._phase == "cancel" and side is not self.client:
            self.client.close()
            return
        super().lost(side)
