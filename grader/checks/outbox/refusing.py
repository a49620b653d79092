"""One event that Redis refuses, whichever way it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.wire import Fail

if TYPE_CHECKING:
    from grader.wire import Recorder, Statement

_ERROR = Fail("ERR", "this entry is refused")
_GIVEN_UP = Fail("EXECABORT", "Transaction discarded because of previous errors.")


class Refused:
    """Says with which error a command fails: XADD of the order's event, and a transaction in which that is queued."""

    def __init__(self, order: str, recorder: Recorder) -> None:
        self._order = order
        self._recorder = recorder

    def __call__(self, statement: Statement) -> Fail | None:
        """Return the error, or None where Redis takes the command."""
        if self._adds(statement):
            return _ERROR
        if statement.text == "EXEC" and any(map(self._adds, self._queued_before(statement))):
            return _GIVEN_UP
        return None

    def _adds(self, statement: Statement) -> bool:
        scripted = statement.text.startswith(("XADD", "EVAL", "EVALSHA", "FCALL"))
        return scripted and any(isinstance(value, str) and self._order in value for value in statement.parameters)

    def _queued_before(self, statement: Statement) -> list[Statement]:
        """Return what the connection has queued since its last MULTI."""
        session = (statement.replica, statement.connection)
        own = [
            one
            for one in self._recorder.statements
            if one.service == "redis" and (one.replica, one.connection) == session and one.number < statement.number
        ]
        last = max((n for n, one in enumerate(own) if one.text == "MULTI"), default=len(own))
        return own[last + 1 :]
