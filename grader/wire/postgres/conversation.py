"""From the messages of both directions to statements: who asked what, and what came of it.

The server answers in the order of the requests, so a queue of what is awaited says what each answer belongs to.
After an error the server skips everything up to the next Sync (protocol chapter, "Extended Query").
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.wire.call_site import split_call_site
from grader.wire.postgres import sql
from grader.wire.postgres.messages import (
    cstring,
    read_bind,
    read_error,
    read_parameter_description,
    read_parse,
)
from grader.wire.postgres.values import readable
from grader.wire.recorder import VALUES_CAP, CallSite, Category, Parameter, Recorder, RoundTrip, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.wire.postgres.frames import Frame

PREPARED_CAP = 1 << 20
"""Characters of prepared statements remembered per connection; the oldest are forgotten first."""
_YOUNG_CAP = 1000
_LOST = "08006"


@dataclass(slots=True, eq=False)
class _Prepared:
    text: str
    site: CallSite | None
    oids: tuple[int, ...]
    draft: Statement | None = None
    """The statement that its Parse began, until a Bind takes it up."""


@dataclass(slots=True, eq=False)
class _Portal:
    prepared: _Prepared
    parameters: tuple[Parameter, ...]
    statement: Statement | None
    """The statement that its Bind began, until an Execute takes it up."""


@dataclass(slots=True, eq=False)
class _Awaited:
    """A request whose answer is outstanding; `kind` is the request's type byte."""

    kind: str
    statements: list[Statement] = field(default_factory=list)
    at: int = 0
    prepared: _Prepared | None = None

    @property
    def statement(self) -> Statement | None:
        return self.statements[self.at] if self.at < len(self.statements) else None


class Conversation:
    """What one connection said and was answered; feed it every frame after the startup phase, in order."""

    def __init__(
        self,
        replica: str,
        connection: int,
        recorder: Recorder,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.replica = replica
        self.connection = connection
        self.status = "I"
        """The transaction status of the last ReadyForQuery: I, T or E."""
        self._recorder = recorder
        self._clock = clock
        self._awaited: deque[_Awaited] = deque()
        self._prepared: dict[bytes, _Prepared] = {}
        self._portals: dict[bytes, _Portal] = {}
        self._drafted: _Prepared | None = None
        self._group: list[Statement] = []
        self._group_open = False
        self._group_released = False
        self._fresh = False
        self._failed = False
        self._copying = False
        self._touched = False
        self._young: list[Statement | RoundTrip] | None = []
        """What happened so far in this transaction of a connection that has not made a statement of its own."""
        self._senders: dict[str, Callable[[Frame], None]] = {
            "Q": self._query,
            "P": self._parse,
            "B": self._bind,
            "D": self._describe,
            "E": self._execute,
            "C": self._close,
            "S": self._sync,
            "H": self._flush,
            "F": self._function_call,
            "c": self._copy_ended,
            "f": self._copy_ended,
        }
        self._answerers: dict[str, Callable[[Frame], None]] = {
            "1": self._parsed,
            "2": self._popped,
            "3": self._popped,
            "t": self._parameters_described,
            "T": self._described,
            "n": self._described,
            "D": self._rows_came,
            "C": self._completed,
            "I": self._completed,
            "s": self._completed,
            "G": self._copy_in,
            "E": self._erred,
            "Z": self._ready,
        }

    # what is known

    @property
    def outstanding(self) -> int:
        """How many requests wait for their answers."""
        return len(self._awaited)

    @property
    def idle(self) -> bool:
        """Whether everything sent has been answered."""
        return not self._awaited and not self._group_open

    @property
    def pending(self) -> Statement | None:
        """The first statement of the step at hand, while that step has not been released."""
        if self._group_released:
            return None
        for statement in self._group:
            if not statement.noise and statement.category not in sql.UNGATED:
                if statement.released:
                    break
                return statement
        return None

    def release(self) -> None:
        """Let the step at hand pass: all its statements, up to its Sync."""
        self._group_released = True
        for statement in self._group:
            statement.released = True

    def lost(self) -> None:
        """Say that the connection has ended; what was outstanding got no answer."""
        for awaited in self._awaited:
            for statement in awaited.statements[awaited.at :]:
                if not statement.done:
                    self._fail(statement, _LOST, "the connection ended before the answer")
        self._awaited.clear()
        self._group_open = False

    # what the client sends

    def sent(self, frame: Frame) -> None:
        """Take note of a client's message."""
        sender = self._senders.get(frame.kind)
        if sender is None:
            return
        if not self._group_open:
            self._group = []
            self._group_released = False
            self._group_open = True
        if not self._awaited:
            self._fresh = True
        sender(frame)

    def _query(self, frame: Frame) -> None:
        text, site = _text_of(cstring(frame.body)[0], frame.tail)
        reset = sql.is_pool_reset(text)
        statements = []
        for part in sql.split(text):
            reading = sql.read(part)
            statement = self._begin(
                part, site, Category.SESSION if reset else reading.category, touches=reading.touches
            )
            self._group.append(statement)
            statements.append(statement)
            if reading.category is Category.SESSION:
                self._forget(part)
        self._awaited.append(_Awaited("Q", statements))
        self._boundary(ends=True)

    def _parse(self, frame: Frame) -> None:
        parse = read_parse(frame.body)
        text, site = _text_of(parse.text, frame.tail)
        prepared = _Prepared(text, site, parse.oids)
        prepared.draft = self._begin_prepared(prepared)
        self._prepared.pop(parse.name, None)
        self._prepared[parse.name] = prepared
        self._trim()
        self._group.append(prepared.draft)
        self._await(_Awaited("P", [prepared.draft], prepared=prepared))

    def _bind(self, frame: Frame) -> None:
        bind = read_bind(frame.body, VALUES_CAP)
        prepared = self._prepared.get(bind.name)
        if prepared is None:
            prepared = _Prepared(f"(prepared statement {bind.name.decode('utf-8', 'replace')})", None, ())
        statement, prepared.draft = prepared.draft, None
        if self._drafted is prepared:
            self._drafted = None
        if statement is None:
            statement = self._begin_prepared(prepared)
        statement.done = False
        oids = prepared.oids
        parameters = tuple(
            readable(value, binary=bind.format(index) == 1, oid=oids[index] if index < len(oids) else 0)
            for index, value in enumerate(bind.values)
        )
        self._recorder.add_parameters(statement, parameters)
        self._portals[bind.portal] = _Portal(prepared, parameters, statement)
        if statement not in self._group:
            self._group.append(statement)
        self._await(_Awaited("B", [statement]))

    def _describe(self, frame: Frame) -> None:
        name = cstring(frame.body, 1)[0]
        of_statement = frame.body[:1] == b"S"
        prepared = self._prepared.get(name) if of_statement else None
        self._await(_Awaited("D", prepared=prepared))

    def _execute(self, frame: Frame) -> None:
        portal = self._portals.get(cstring(frame.body)[0])
        statements = []
        if portal is not None:
            statement, portal.statement = portal.statement, None
            if statement is None:  # the next batch of a suspended portal
                statement = self._begin_prepared(portal.prepared)
                self._recorder.add_parameters(statement, portal.parameters)
                self._group.append(statement)
            statements.append(statement)
        self._await(_Awaited("E", statements))

    def _close(self, frame: Frame) -> None:
        name = cstring(frame.body, 1)[0]
        if frame.body[:1] == b"S":
            self._prepared.pop(name, None)
        else:
            self._portals.pop(name, None)
        self._await(_Awaited("C"))

    def _sync(self, _: Frame) -> None:
        if not self._copying:  # "in copy-in mode … any Flush or Sync messages are ignored"
            self._awaited.append(_Awaited("S"))
        self._failed = False
        self._boundary(ends=True)

    def _flush(self, _: Frame) -> None:
        if self._awaited:
            self._boundary(ends=False)
        elif not self._group:
            self._group_open = False

    def _function_call(self, _: Frame) -> None:
        statement = self._begin("(function call)", None, Category.STATEMENT, touches=True)
        self._group.append(statement)
        self._awaited.append(_Awaited("F", [statement]))
        self._boundary(ends=True)

    def _copy_ended(self, _: Frame) -> None:
        self._copying = False
        if not self._group:
            self._group_open = False

    def _await(self, awaited: _Awaited) -> None:
        if self._failed:  # the server will skip it
            self._skip(awaited.statements)
        else:
            self._awaited.append(awaited)

    def _boundary(self, *, ends: bool) -> None:
        if self._fresh:
            self._fresh = False
            probes = bool(self._group) and all(s.category is Category.PROBE for s in self._group)
            trip = RoundTrip(self.replica, self.connection, "postgres", setup=probes)
            self._recorder.add_round_trip(trip)
            if self._young is not None and len(self._young) < _YOUNG_CAP:
                self._young.append(trip)
        self._group_open = self._group_open and not ends

    # what the server answers

    def answered(self, frame: Frame) -> None:
        """Take note of a server's message."""
        if self._awaited:
            statement = self._awaited[0].statement
            if statement is not None:
                statement.bytes += frame.size
        answerer = self._answerers.get(frame.kind)
        if answerer is not None:
            answerer(frame)

    def _head(self, kinds: str) -> _Awaited | None:
        return self._awaited[0] if self._awaited and self._awaited[0].kind in kinds else None

    def _parsed(self, _: Frame) -> None:
        head = self._head("P")
        if head is not None:
            self._awaited.popleft()
            statement = head.statement
            if statement is not None and head.prepared is not None and head.prepared.draft is statement:
                self._finish(statement)

    def _popped(self, _: Frame) -> None:
        if self._head("BC") is not None:
            self._awaited.popleft()

    def _parameters_described(self, frame: Frame) -> None:
        head = self._head("D")
        if head is not None and head.prepared is not None:
            head.prepared.oids = read_parameter_description(frame.body)

    def _described(self, _: Frame) -> None:
        if self._head("D") is not None:
            self._awaited.popleft()

    def _rows_came(self, frame: Frame) -> None:
        head = self._head("QE")
        if head is not None and head.statement is not None:
            head.statement.rows += frame.messages

    def _completed(self, frame: Frame) -> None:
        head = self._head("QE")
        if head is None:
            return
        statement = head.statement
        if statement is not None:
            if frame.kind == "C":
                statement.command = cstring(frame.body)[0].decode("utf-8", "replace")
                count = statement.command.rpartition(" ")[2]
                if count.isdecimal():
                    statement.rows = int(count)
            self._finish(statement)
        head.at += 1
        if head.kind == "E":
            self._awaited.popleft()

    def _copy_in(self, _: Frame) -> None:
        if self._head("E") is None:
            return
        self._copying = True
        while len(self._awaited) > 1 and self._awaited[1].kind == "S":
            del self._awaited[1]

    def _erred(self, frame: Frame) -> None:
        sqlstate, text = read_error(frame.body)
        head = self._awaited[0] if self._awaited else None
        if head is None:
            return
        if head.kind in "QF":
            if head.statement is not None:
                self._fail(head.statement, sqlstate, text)
            self._skip(head.statements[head.at + 1 :])
            head.at = len(head.statements)
            return
        self._copying = False
        failed = head.statement
        while self._awaited and self._awaited[0].kind not in "SQF":
            skipped = self._awaited.popleft()
            for statement in skipped.statements:
                if failed is None:
                    failed = statement
                if statement is not failed:
                    self._skip([statement])
        if failed is not None:
            self._fail(failed, sqlstate, text)
        self._failed = not self._awaited

    def _ready(self, frame: Frame) -> None:
        while self._awaited:
            awaited = self._awaited.popleft()
            if awaited.kind in "SQF":
                for statement in awaited.statements[awaited.at :]:
                    self._finish(statement)
                break
        self.status = frame.body.decode("ascii", "replace")
        if self.status == "I":
            self._touched = False
            if self._young is not None:
                for thing in self._young:
                    thing.setup = True
                self._young = []

    # statements

    def _begin_prepared(self, prepared: _Prepared) -> Statement:
        reading = sql.read(prepared.text)
        statement = self._begin(prepared.text, prepared.site, reading.category, touches=reading.touches)
        if not statement.noise:
            self._drafted = prepared
        return statement

    def _begin(self, text: str, site: CallSite | None, category: Category, *, touches: bool) -> Statement:
        noise = category in sql.NOISE or (category is Category.ROLLBACK and not self._touched)
        statement = Statement(
            0,
            self.replica,
            self.connection,
            "postgres",
            text,
            site=site,
            category=category,
            noise=noise,
            setup=category is Category.PROBE,
            started=self._clock(),
        )
        self._recorder.add(statement)
        self._touched = self._touched or touches
        if noise:
            if self._young is not None and len(self._young) < _YOUNG_CAP:
                self._young.append(statement)
        else:
            self._young = None
            self._supersede()
        return statement

    def _supersede(self) -> None:
        """Give up a draft: another statement came before it was bound, so that its Parse was only a preparation."""
        if self._drafted is not None and self._drafted.draft is not None:
            draft, self._drafted.draft = self._drafted.draft, None
            draft.category = Category.PREPARE
            draft.noise = True
        self._drafted = None

    def _finish(self, statement: Statement) -> None:
        statement.seconds = self._clock() - statement.started
        statement.done = True

    def _fail(self, statement: Statement, sqlstate: str, text: str) -> None:
        statement.error = sqlstate
        statement.error_message = text[:1000]
        self._finish(statement)

    def _skip(self, statements: list[Statement]) -> None:
        for statement in statements:
            if not statement.done:
                statement.skipped = True
                self._finish(statement)

    def _forget(self, text: str) -> None:
        """Follow a DEALLOCATE or a DISCARD ALL."""
        words = text.rstrip("; \n").split()
        if words[0].lower() == "deallocate":
            name = words[-1]
            if name.lower() == "all":
                self._prepared.clear()
            else:
                self._prepared.pop(name.strip('"').encode(), None)
        elif words[0].lower() == "discard" and words[-1].lower() == "all":
            self._prepared.clear()

    def _trim(self) -> None:
        while len(self._prepared) > 1 and sum(len(known.text) for known in self._prepared.values()) > PREPARED_CAP:
            del self._prepared[next(iter(self._prepared))]


def _text_of(body: bytes, tail: bytes) -> tuple[str, CallSite | None]:
    """Return the text and call site of a message whose text is `body`, or begins with it if `tail` is given."""
    text, site = split_call_site(body.decode("utf-8", "replace"))
    if tail and site is None:
        site = split_call_site(tail.partition(b"\0")[0].decode("utf-8", "replace"))[1]
    return text, site
