"""From commands and replies to statements: replies come in the order of the commands, push messages between them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.wire.recorder import Category, Recorder, RoundTrip, Statement
from grader.wire.redis.blocking import may_wait
from grader.wire.redis.frames import command

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.wire.redis.frames import Message

_LOST = "LOST"
_CATEGORIES = {
    "MULTI": Category.BEGIN,
    "EXEC": Category.COMMIT,
    "DISCARD": Category.ROLLBACK,
    **dict.fromkeys(
        (
            "HELLO",
            "AUTH",
            "CLIENT",
            "SELECT",
            "PING",
            "ECHO",
            "COMMAND",
            "QUIT",
            "RESET",
            "READONLY",
            "READWRITE",
            "ASKING",
            "UNWATCH",
        ),
        Category.SESSION,
    ),
    **dict.fromkeys(
        ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR"),
        Category.LISTEN,
    ),
}
_NOISE = frozenset({Category.BEGIN, Category.ROLLBACK, Category.SESSION})
_UNGATED = _NOISE | {Category.LISTEN}
_SUBSCRIPTIONS = frozenset(
    b"subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe".split()  # as confirmations name them
)
_PUBLISHED = frozenset(b"message pmessage smessage".split())


@dataclass(slots=True, eq=False)
class Awaited:
    """A command whose reply is outstanding."""

    name: str
    statement: Statement | None
    answer: bytes | None = None
    """What the proxy answers itself, when its turn comes."""
    swallowed: bool = False
    """The reply is the proxy's own business."""
    waits: bool = False
    """The command may wait in the server for something to come."""
    seconds: float | None = None
    """How long it was to wait, where it does without end."""


class Conversation:
    """What one connection said and was answered."""

    def __init__(
        self, replica: str, connection: int, recorder: Recorder, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.replica = replica
        self.connection = connection
        self.in_multi = False
        self.awaited: deque[Awaited] = deque()
        self.special = 0
        """How many of the awaited replies do not simply pass through."""
        self._recorder = recorder
        self._clock = clock
        self._subscribed = False
        self._muted = False
        self._mute_next = False
        self._young = True

    @property
    def idle(self) -> bool:
        """Whether everything sent has been answered."""
        return not self.awaited

    @property
    def waiting(self) -> bool:
        """Whether what is unanswered is one command that may wait for something to come, such as XREADGROUP BLOCK."""
        return len(self.awaited) == 1 and self.awaited[0].waits

    @property
    def held(self) -> float | None:
        """Seconds that the command was to wait which waits without end; None where none does."""
        return self.awaited[0].seconds if self.waiting else None

    def begin(self, words: list[bytes]) -> Statement:
        """Take note of a command."""
        name = _text(words[0]).upper() if words else ""
        category = _CATEGORIES.get(name, Category.STATEMENT) if words else Category.EMPTY
        noise = category in _NOISE or not words
        text = " ".join([name, *(_text(word) for word in words[1:2])])
        secret = name in {"AUTH", "HELLO"}
        self._young = self._young and noise and category is not Category.BEGIN
        statement = Statement(
            0,
            self.replica,
            self.connection,
            "redis",
            name if secret else text,
            category=category,
            noise=noise,
            setup=self._young,
            started=self._clock(),
        )
        if not self.awaited:
            trip = RoundTrip(self.replica, self.connection, "redis", setup=self._young)
            self._recorder.add_round_trip(trip)
        self._recorder.add(statement)
        if not secret:
            self._recorder.add_parameters(statement, tuple(_text(word) for word in words[2:]))
        return statement

    def needs_gate(self, statement: Statement) -> bool:
        """Whether the command is a step; what MULTI queues does nothing until EXEC, which is the step."""
        if statement.released or statement.category in _UNGATED or statement.noise:
            return False
        return not self.in_multi or statement.category is Category.COMMIT

    def sent(self, words: list[bytes], statement: Statement, seconds: float | None = None) -> None:
        """Expect the reply to a command that goes to the server.

        `seconds` is how long it was to wait there, where it does without end.
        """
        name = _text(words[0]).upper() if words else ""
        if name == "MULTI":
            self.in_multi = True
        elif name in {"EXEC", "DISCARD", "RESET"}:
            self.in_multi = False
        if self._is_silent(name, words):
            self._finish(statement)
        else:
            waits = may_wait(name, words) and not self.in_multi
            self.awaited.append(Awaited(name, statement, waits=waits, seconds=seconds))

    def own(self, name: str, statement: Statement | None, answer: bytes | None = None) -> None:
        """Expect a turn of the proxy's own: an answer that it gives, or a reply that it keeps to itself."""
        self.awaited.append(Awaited(name, statement, answer, swallowed=answer is None))
        self.special += 1

    def fail(self, statement: Statement, word: str, text: str) -> list[bytes]:
        """Have a command fail that is not sent; return what goes to the server instead.

        What MULTI queued is given up, as it is when EXEC fails.
        """
        instead = []
        if statement.category is Category.COMMIT:
            self.in_multi = False
            self.own("DISCARD", None)
            instead.append(command(b"DISCARD"))
        statement.error, statement.error_message = word[:100], text[:1000]
        self.own(statement.text.partition(" ")[0], statement, f"-{word} {text}\r\n".encode())
        return instead

    def answered(self, message: Message) -> Awaited | None:
        """Take note of a reply and return what it answers; None for a message that nobody asked for."""
        first = message.value[0] if isinstance(message.value, list) and message.value else None
        if isinstance(first, bytes) and message.kind in {">", "*"}:
            confirms = first in _SUBSCRIPTIONS and (message.kind == ">" or self._subscribed or self._head_is(first))
            if confirms:
                return self._subscription(first, message)
            if message.kind == ">" or (self._subscribed and first in _PUBLISHED):
                return None
        elif message.kind == ">":
            return None
        if not self.awaited:
            return None
        return self._take(message)

    def own_turn(self) -> bytes | None:
        """Return the proxy's own answer if it is its turn."""
        if self.awaited and self.awaited[0].answer is not None:
            awaited = self.awaited.popleft()
            self.special -= 1
            if awaited.statement is not None:
                self._finish(awaited.statement)
            return awaited.answer
        return None

    def lost(self) -> None:
        """Say that the connection has ended; what was outstanding got no answer."""
        for awaited in self.awaited:
            if awaited.statement is not None and not awaited.statement.done:
                awaited.statement.error = _LOST
                awaited.statement.error_message = "the connection ended before the answer"
                self._finish(awaited.statement)
        self.awaited.clear()

    def _subscription(self, first: bytes, message: Message) -> Awaited | None:
        """A subscription of several channels is confirmed by one message a channel; the first answers the command."""
        values = message.value
        if isinstance(values, list) and isinstance(values[-1], int):
            self._subscribed = values[-1] > 0
        return self._take(message) if self._head_is(first) else None

    def _head_is(self, first: bytes) -> bool:
        return bool(self.awaited) and self.awaited[0].name == first.decode().upper()

    def _take(self, message: Message) -> Awaited:
        awaited = self.awaited.popleft()
        if awaited.swallowed:
            self.special -= 1
        statement = awaited.statement
        if statement is not None:
            statement.rows = message.elements
            statement.bytes += message.size
            if message.kind in "-!":
                word, _, rest = str(message.value).partition(" ")
                statement.rows = 0
                statement.error, statement.error_message = word[:100], rest[:1000]
            self._finish(statement)
        return awaited

    def _is_silent(self, name: str, words: list[bytes]) -> bool:
        """Follow CLIENT REPLY, which turns replies off."""
        if name == "CLIENT" and len(words) > 2 and words[1].upper() == b"REPLY":  # noqa: PLR2004 -- CLIENT REPLY mode
            mode = words[2].upper()
            self._muted = mode == b"OFF"
            self._mute_next = mode == b"SKIP"
            return mode != b"ON"
        silent, self._mute_next = self._muted or self._mute_next, False
        return silent

    def _finish(self, statement: Statement) -> None:
        statement.seconds = self._clock() - statement.started
        statement.done = True


def shown(value: object) -> str | None:
    """Return a reply as a text of 400 characters at most, an array as `[one, [two, nil]]`; None for null."""
    return None if value is None else _in_words(value)[:400]


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_in_words(key)}: {_in_words(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | set):
        return f"[{', '.join(map(_in_words, value))}]"
    if isinstance(value, bytes):
        return _text(value)
    return "nil" if value is None else str(value)


def _text(word: bytes) -> str:
    return word[:400].decode("utf-8", "backslashreplace")
