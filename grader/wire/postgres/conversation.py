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
from grader.wire.postgres.ledger import Ledger, Prepared, PreparedStatements
from grader.wire.postgres.messages import (
    cstring,
    read_bind,
    read_error,
    read_parameter_description,
    read_parse,
)
from grader.wire.postgres.results import Column, add_row, read_columns
from grader.wire.postgres.steps import GROUP_CAP, Steps
from grader.wire.postgres.values import readable
from grader.wire.recorder import VALUES_CAP, CallSite, Category, Parameter, Recorder, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.wire.postgres.frames import Frame

_LOST = "08006"
_RESET = sql.Reading(Category.SESSION, touches=False)


@dataclass(slots=True, eq=False)
class _Portal:
    prepared: Prepared
    parameters: tuple[Parameter, ...]
    statement: Statement | None
    """The statement that its Bind began, until an Execute takes it up."""
    formats: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class _Awaited:
    """A request whose answer is outstanding; `kind` is the request's type byte."""

    kind: str
    statements: list[Statement] = field(default_factory=list)
    at: int = 0
    prepared: Prepared | None = None
    columns: tuple[Column, ...] = ()
    formats: tuple[int, ...] = ()

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
        self.status = "I"
        """The transaction status of the last ReadyForQuery: I, T or E."""
        self._ledger = Ledger(replica, connection, recorder, clock)
        self._awaited: deque[_Awaited] = deque()
        self._prepared = PreparedStatements()
        self._portals: dict[bytes, _Portal] = {}
        self.steps = Steps()
        self._flushed = False
        self._fresh = False
        self._last: Statement | None = None
        """The last statement that was executed in the Sync group being answered."""
        self._failed = False
        self._copying = False
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
        return not self._awaited and (not self.steps.open or self._flushed)

    @property
    def flushed(self) -> bool:
        """Whether the client's last message was a Flush."""
        return self._flushed

    def release(self) -> None:
        """Let the step at hand pass: all its statements, up to its Sync."""
        self.steps.release(self._ledger.restart)

    def lost(self) -> None:
        """Say that the connection has ended; what was outstanding got no answer."""
        for awaited in self._awaited:
            for statement in awaited.statements[awaited.at :]:
                if not statement.done:
                    self._ledger.fail(statement, _LOST, "the connection ended before the answer")
        self._awaited.clear()
        self.steps.open = False

    # what the client sends

    def sent(self, frame: Frame) -> None:
        """Take note of a client's message."""
        sender = self._senders.get(frame.kind)
        if sender is None:
            return
        self.steps.begin()
        if not self._awaited:
            self._fresh = True
        self._flushed = frame.kind == "H"
        sender(frame)

    def _query(self, frame: Frame) -> None:
        text, site = _text_of(cstring(frame.body)[0], frame.tail)
        reset = sql.is_pool_reset(text)
        statements = []
        for part in sql.split(text):
            reading = _RESET if reset else sql.read(part)
            statement = self._ledger.begin(part, site, reading)
            self.steps.add(statement)
            statements.append(statement)
            if reading.category is Category.SESSION:
                self._prepared.follow(part)
        self._awaited.append(_Awaited("Q", statements))
        self._boundary(ends=True)

    def _parse(self, frame: Frame) -> None:
        parse = read_parse(frame.body)
        text, site = _text_of(parse.text, frame.tail)
        prepared = Prepared(text, site, parse.oids)
        prepared.draft = self._ledger.begin_prepared(prepared)
        self._prepared.remember(parse.name, prepared)
        self.steps.add(prepared.draft)
        self._await(_Awaited("P", [prepared.draft], prepared=prepared))

    def _bind(self, frame: Frame) -> None:
        bind = read_bind(frame.body, VALUES_CAP)
        prepared = self._prepared.get(bind.name)
        if prepared is None:
            prepared = Prepared(f"(prepared statement {bind.name.decode('utf-8', 'replace')})", None, ())
        statement = self._ledger.take_draft(prepared)
        oids = prepared.oids
        parameters = tuple(
            readable(value, binary=bind.format(index) == 1, oid=oids[index] if index < len(oids) else 0)
            for index, value in enumerate(bind.values)
        )
        self._ledger.recorder.add_parameters(statement, parameters)
        if len(self._portals) < GROUP_CAP:
            self._portals[bind.portal] = _Portal(prepared, parameters, statement, bind.results)
        if not self.steps.group or self.steps.group[-1] is not statement:
            self.steps.add(statement)
        self._await(_Awaited("B", [statement]))

    def _describe(self, frame: Frame) -> None:
        name = cstring(frame.body, 1)[0]
        portal = self._portals.get(name)
        of_portal = portal.prepared if portal is not None else None
        prepared = self._prepared.get(name) if frame.body[:1] == b"S" else of_portal
        self._await(_Awaited("D", prepared=prepared))

    def _execute(self, frame: Frame) -> None:
        portal = self._portals.get(cstring(frame.body)[0])
        statements = []
        if portal is not None:
            statement, portal.statement = portal.statement, None
            if statement is None:  # the next batch of a suspended portal
                statement = self._ledger.begin_prepared(portal.prepared)
                self._ledger.recorder.add_parameters(statement, portal.parameters)
                self.steps.add(statement)
            statements.append(statement)
        prepared, formats = (portal.prepared, portal.formats) if portal is not None else (None, ())
        self._await(_Awaited("E", statements, prepared=prepared, formats=formats))

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
        elif not self.steps.group:
            self.steps.open = False

    def _function_call(self, _: Frame) -> None:
        statement = self._ledger.begin("(function call)", None, sql.Reading(Category.STATEMENT, touches=True))
        self.steps.add(statement)
        self._awaited.append(_Awaited("F", [statement]))
        self._boundary(ends=True)

    def _copy_ended(self, _: Frame) -> None:
        self._copying = False
        if not self.steps.group:
            self.steps.open = False

    def _await(self, awaited: _Awaited) -> None:
        if self._failed:  # the server will skip it
            self._ledger.skip(awaited.statements)
        else:
            self._awaited.append(awaited)

    def _boundary(self, *, ends: bool) -> None:
        if self._fresh:
            self._fresh = False
            self._ledger.round_trip(self.steps.group)
        self.steps.open = self.steps.open and not ends

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
                self._ledger.finish(statement)

    def _popped(self, _: Frame) -> None:
        if self._head("BC") is not None:
            self._awaited.popleft()

    def _parameters_described(self, frame: Frame) -> None:
        head = self._head("D")
        if head is not None and head.prepared is not None:
            head.prepared.oids = read_parameter_description(frame.body)

    def _described(self, frame: Frame) -> None:
        head = self._head("DQ")
        if head is None:
            return
        if head.kind == "Q":
            head.columns = read_columns(frame.body)
            return
        self._awaited.popleft()
        if head.prepared is not None:
            head.prepared.columns = read_columns(frame.body)

    def _rows_came(self, frame: Frame) -> None:
        head = self._head("QE")
        if head is not None and head.statement is not None:
            head.statement.rows += frame.messages
            if frame.body:
                columns = head.columns or (head.prepared.columns if head.prepared is not None else ())
                add_row(head.statement, columns, head.formats, frame.body)

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
            statement.answered = True
            self._ledger.finish(statement)
            self._last = statement
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
                self._ledger.fail(head.statement, sqlstate, text)
            self._ledger.skip(head.statements[head.at + 1 :])
            head.at = len(head.statements)
            return
        self._copying = False
        failed = head.statement if head.kind != "S" else self._last  # a deferred constraint speaks at Sync's commit
        while self._awaited and self._awaited[0].kind not in "SQF":
            skipped = self._awaited.popleft()
            for statement in skipped.statements:
                if failed is None:
                    failed = statement
                if statement is not failed:
                    self._ledger.skip([statement])
        if failed is not None:
            self._ledger.fail(failed, sqlstate, text)
        self._failed = not self._awaited

    def _ready(self, frame: Frame) -> None:
        while self._awaited:
            awaited = self._awaited.popleft()
            if awaited.kind in "SQF":
                for statement in awaited.statements[awaited.at :]:
                    statement.answered = True
                    self._ledger.finish(statement)
                break
        self._last = None
        self.steps.ready()
        self.status = frame.body.decode("ascii", "replace")
        if self.status == "I":
            self._portals.clear()  # they end with their transaction
            self._ledger.transaction_over()


def _text_of(body: bytes, tail: bytes) -> tuple[str, CallSite | None]:
    """Return the text and call site of a message whose text is `body`, or begins with it if `tail` is given."""
    text, site = split_call_site(body.decode("utf-8", "replace"))
    if tail and site is None:
        site = split_call_site(tail.partition(b"\0")[0].decode("utf-8", "replace"))[1]
    return text, site
