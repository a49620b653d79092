"""The proxy for Redis: it checks its own secret, logs in with the server's password, and passes everything else."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from grader.wire.connection import Connection
from grader.wire.link import IN_FLIGHT
from grader.wire.proxy import LOGIN_SECONDS, Fail, Proxy
from grader.wire.recorder import Result
from grader.wire.redis.admission import OWN, Do, Ruling, judge
from grader.wire.redis.blocking import Blocked, without_end
from grader.wire.redis.conversation import Conversation, shown
from grader.wire.redis.frames import Framer, Message, ProtocolError, command

if TYPE_CHECKING:
    from grader.wire.recorder import Statement

STREAMED = 16 << 10
"""Bytes of an unfinished command from which on it is passed while it still comes."""
HELD_CAP = 64 << 20
"""Bytes of one command that a gate may hold."""
OUTSTANDING_HIGH, OUTSTANDING_LOW = 65_536, 32_768


class RedisProxy(Proxy):
    """A port that speaks the Redis protocol as the server does."""

    scheme = "redis"
    holds_time = False
    """Commands that block for a while do so without end, until whoever holds the time has them time out."""

    def connection(self, number: int) -> Connection:
        """Return the handler of a new connection."""
        return RedisConnection(self, number)

    @property
    def url(self) -> str:
        """What the submission is given as REDIS_URL."""
        return f"{self.scheme}://default:{self.secret}@127.0.0.1:{self.port}/{self.upstream.database or 0}"

    @property
    def blocked(self) -> list[Blocked]:
        """The clients whose commands block without end in place of a while."""
        return [one.blocked for one in self._open if isinstance(one, RedisConnection) and one.blocked is not None]


class RedisConnection(Connection):
    """A client's connection, from its first command to its end."""

    def __init__(self, proxy: Proxy, number: int) -> None:
        super().__init__(proxy, number)
        self._from_client = Framer(from_client=True)
        self._from_server = Framer(from_client=False)
        self._conversation = Conversation(proxy.replica, number, proxy.recorder)
        self._known = False
        self._client = 0
        """The server's number for the connection."""
        self._phase = "waiting"
        self._timer = asyncio.get_running_loop().call_later(LOGIN_SECONDS, self.end)
        self._waiting: deque[tuple[bytes, int, list[Message]]] = deque()
        self._piece: list[bytes] = []
        self._piece_bytes = 0
        self._streaming = False
        self._out: list[bytes] = []
        self._carry = b""
        self._gating: Statement | None = None
        self._steps: deque[Statement] = deque()
        """The steps that were let go and are not answered."""
        self._welcome: Ruling | None = None
        """What to do with the command that made the client known, once the server is reached."""

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight: no command unanswered, none held."""
        return self._over or not self.counted or (self._conversation.idle and self._quiet)

    @property
    def parked(self) -> bool:
        """Whether it is idle, or a command such as XREADGROUP BLOCK waits for something to come."""
        return self.idle or (self._conversation.waiting and self._quiet)

    @property
    def blocked(self) -> Blocked | None:
        """The command that waits without end in place of a while, if one does."""
        seconds = self._conversation.held
        return None if seconds is None else Blocked(self._client, seconds)

    @property
    def _quiet(self) -> bool:
        return (
            self._phase != "connecting"
            and self._gating is None
            and not self._late
            and not self._from_client.partial
            and self.link.empty
        )

    @property
    def _stepping(self) -> bool:
        return self._gating is not None or bool(self._steps)

    @property
    def in_transaction(self) -> bool:
        """Whether a MULTI is open."""
        return not self._over and self._conversation.in_multi

    def refuse(self) -> None:
        """Turn the client away at its first command."""
        self.counted = False

    def over(self) -> None:
        """Note what will never be answered."""
        self._timer.cancel()
        self._conversation.lost()
        for step in self._steps:
            self.report(step)

    # from the client

    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._phase == "closing":
            return
        try:
            self._waiting.append((data, 0, self._from_client.feed(data)))
        except ProtocolError as error:
            self._turn_away(f"-ERR Protocol error: {error}\r\n".encode())
            return
        if self._phase != "connecting" and self._gating is None:
            self._drain()
        elif sum(len(waiting) for waiting, _, _ in self._waiting) > IN_FLIGHT:
            self.client.stop_reading("gate")  # not sooner: only who reads learns that a client has gone

    def _drain(self) -> None:
        """Pass what is waiting, up to the next step that the gate must release."""
        while self._waiting:
            data, start, messages = self._waiting.popleft()
            for index, message in enumerate(messages):
                self._add(data[start : message.end])
                start = message.end
                if not self._command(message):
                    self._waiting.appendleft((data, start, messages[index + 1 :]))
                    self._flush()
                    return
                if self._phase == "closing":
                    return
            if start < len(data):
                self._add(data[start:])
                self._consider_streaming()
        self._flush()
        if self._conversation.special and not self._carry:
            self._give_own()
        if len(self._conversation.awaited) > OUTSTANDING_HIGH:
            self.client.stop_reading("pipeline")
        if self._client_ended:
            super().client_ended()
        self.proxy.look()

    def _add(self, piece: bytes) -> None:
        self._piece.append(piece)
        self._piece_bytes += len(piece)

    def _take_piece(self) -> bytes:
        piece = self._piece[0] if len(self._piece) == 1 else b"".join(self._piece)
        self._piece.clear()
        self._piece_bytes = 0
        return piece

    def _flush(self) -> None:
        if self._out:
            self.link.send(self._out[0] if len(self._out) == 1 else b"".join(self._out), self.proxy.latency)
            self._out = []

    def _consider_streaming(self) -> None:
        """Pass the beginning of a long command, unless it must be held, or looked at whole."""
        if self._piece_bytes <= STREAMED:
            return
        if not self._known or (not self._streaming and self._from_client.word in OWN):
            self._turn_away(b"-ERR Protocol error: unauthenticated or too long command\r\n")
        elif self._streaming or self.proxy.gate is None:
            self._streaming = True
            self._out.append(self._take_piece())
        elif self._piece_bytes > HELD_CAP:
            self._turn_away(b"-ERR a command of more than 64 MB cannot be held at a gate\r\n")

    def _command(self, message: Message) -> bool:
        """Pass a command, or answer it; return False when what follows must wait."""
        value = message.value
        words = [word if isinstance(word, bytes) else b"" for word in value] if isinstance(value, list) else []
        streamed, self._streaming = self._streaming, False
        if not words:  # the server gives an empty line or an empty array no answer
            self._out.append(self._take_piece())
            return True
        if not self.counted:
            self._turn_away(b"-ERR max number of clients reached\r\n")
            return True
        name = words[0].decode("latin-1").upper()
        if not streamed and (not self._known or name in OWN):
            return self._special(words)
        statement = self._conversation.begin(words)
        if not streamed and self.proxy.gate is not None and self._conversation.needs_gate(statement):
            self._gating = statement
            statement.step = (statement,)
            self.start(asyncio.get_running_loop().create_task(self._pass(statement, words)))
            return False
        self._send(words, statement)
        return True

    def _send(self, words: list[bytes], statement: Statement) -> None:
        """Send what is left of a command; a whole one that blocks for a while without end, where time is held."""
        piece, seconds = self._take_piece(), None
        endless = without_end(words) if isinstance(self.proxy, RedisProxy) and self.proxy.holds_time else None
        if endless is not None and piece == command(*words):
            piece, seconds = command(*endless[0]), endless[1]
        self._conversation.sent(words, statement, seconds)
        self._out.append(piece)

    async def _pass(self, statement: Statement, words: list[bytes]) -> None:
        fault = None
        try:
            if not await self.ask(self.proxy.gate, statement):
                return
        except Fail as ordered:
            fault = ordered
        self._gating = None
        statement.released = True
        self._steps.append(statement)
        if fault is not None:
            self._take_piece()
            self._out += self._conversation.fail(statement, fault.sqlstate, fault.message)
        else:
            self._send(words, statement)
        self.client.go_on_reading("gate")
        self._drain()

    # who may speak

    def _special(self, words: list[bytes]) -> bool:
        """Handle a command of a stranger, or one that is the proxy's business; return False when the next must wait."""
        piece = self._take_piece()
        ruling = judge(words, known=self._known, secret=self.proxy.secret.encode())
        if ruling.do is Do.WELCOME:
            self._known = True
            self._timer.cancel()
            if self._phase != "open":
                self._phase = "connecting"
                self.client.stop_reading("connecting")
                self.start(asyncio.get_running_loop().create_task(self._reach(ruling)))
                return False
        self._follow(ruling, words, piece)
        if ruling.do is Do.RESET:
            self._known = False
            if self.proxy.upstream.password:
                self._out.append(self._auth())
                self._conversation.own("AUTH", None)
        elif ruling.do is Do.FAREWELL:
            self._phase = "closing"
            self.client.close()
        return True

    def _follow(self, ruling: Ruling, words: list[bytes], piece: bytes) -> None:
        if ruling.answer is not None:
            self._conversation.own(words[0].decode("latin-1").upper(), self._conversation.begin(words), ruling.answer)
            self._give_own()
        elif ruling.rewritten is not None:
            self._forward(ruling.rewritten, command(*ruling.rewritten))
        else:
            self._forward(words, piece)

    def _forward(self, words: list[bytes], piece: bytes) -> None:
        self._conversation.sent(words, self._conversation.begin(words))
        self._out.append(piece)

    def _give_own(self) -> None:
        while (answer := self._conversation.own_turn()) is not None:
            self.answer(self._take_over(), answer)

    def _turn_away(self, answer: bytes) -> None:
        self._phase = "closing"
        self._waiting.clear()
        self._timer.cancel()
        self.client.write(answer)
        self.client.close()
        if self.server is not None:
            self.server.abort()
        self._close_book()

    # towards the server

    def _auth(self) -> bytes:
        upstream = self.proxy.upstream
        user = [upstream.user.encode()] if upstream.user else []
        return command(b"AUTH", *user, upstream.password.encode())

    async def _reach(self, ruling: Ruling) -> None:
        try:
            await self.connect()
        except OSError:
            self._turn_away(b"-ERR the Redis server cannot be reached\r\n")
            return
        self._welcome = ruling
        if self.server is not None:
            login = self._auth() if self.proxy.upstream.password else b""
            self.server.write(login + command(b"CLIENT", b"ID"))

    def _begin(self) -> None:
        self._phase = "open"
        if self._welcome is not None:
            self._follow(self._welcome, [b"AUTH"], b"")
        self.client.go_on_reading("connecting")
        self._drain()

    def from_server(self, data: bytes) -> None:
        """Take bytes from the server."""
        try:
            messages = self._from_server.feed(data)
        except ProtocolError:
            self.end()
            return
        if self._phase == "connecting":
            for message in messages:
                if message.kind == "-":
                    self._turn_away(b"-ERR the proxy cannot log in: " + str(message.value).encode() + b"\r\n")
                elif isinstance(message.value, int):
                    self._client = message.value
                    self._begin()
            return
        conversation = self._conversation
        if conversation.special or self._carry:
            self._pass_replies(data, messages)
        else:
            self._pass_answers(data, messages)
        if len(conversation.awaited) < OUTSTANDING_LOW:
            self.client.go_on_reading("pipeline")
        if conversation.idle:
            self.proxy.look()

    def _pass_answers(self, data: bytes, messages: list[Message]) -> None:
        """Pass replies on, those of steps when the reply gate lets them."""
        start = 0
        for message in messages:
            self._conversation.answered(message)
            over = self._take_over(message)
            if over is not None:
                self.answer(over, data[start : message.end])
                start = message.end
        if start < len(data):
            self.answer(None, data[start:])

    def _pass_replies(self, data: bytes, messages: list[Message]) -> None:
        """Pass replies one by one, the proxy's own answers between them, and keep back those that are its business."""
        start = 0
        for message in messages:
            piece, self._carry = self._carry + data[start : message.end], b""
            start = message.end
            awaited = self._conversation.answered(message)
            if awaited is None or not awaited.swallowed:
                self.answer(self._take_over(message), piece)
            self._give_own()
        rest = data[start:]
        if self._conversation.awaited and self._conversation.awaited[0].swallowed:
            self._carry += rest
        else:
            self.answer(None, self._carry + rest)
            self._carry = b""

    def _take_over(self, message: Message | None = None) -> Statement | None:
        """Return the step that is over, if one is; `message` answered it."""
        if not self._steps or not self._steps[0].done:
            return None
        over = self._steps.popleft()
        if self.proxy.keep_results and message is not None:
            over.result = Result(("reply",), [(shown(message.value),)])
        return over

    def client_ended(self) -> None:
        """Send the end of the client's stream after everything before it."""
        if self._gating is not None or self._phase == "connecting":
            self.end()
        else:
            super().client_ended()
