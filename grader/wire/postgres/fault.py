"""A step that fails on purpose: what the server runs in its place, and what of that the client must not see.

A Query that raises the error is sent instead, so that the server's transaction fails as the client is told. Its answer
is ErrorResponse and ReadyForQuery, which is what a Query gets, and a group that ends in Sync. A group that ends in
Flush gets no ReadyForQuery: that is held back, and what the client sends before its Sync is dropped, as the server
would ("Extended Query": after an error it "reads and discards messages until a Sync is reached").
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from grader.wire.postgres.messages import message

if TYPE_CHECKING:
    from grader.wire.postgres.frames import Frame


def raising(sqlstate: str, text: str, *, ends_transaction: bool) -> bytes:
    """Return a Query that fails with an error.

    With `ends_transaction` it rolls an open transaction back before, as a COMMIT does that fails.
    """
    escaped = "".join(rf"\U{ord(character):08x}" for character in text)  # nothing to quote, and no encoding to know
    block = f"DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = E'{escaped}'; END$$"
    return message(b"Q", (f"ROLLBACK; {block}" if ends_transaction else block).encode() + b"\0")


class Failing:
    """What is left to do on a connection for a step that was made to fail."""

    def __init__(self) -> None:
        self.skipping = False
        """What the client sends before its next Sync is not for the server."""
        self._withheld: deque[str] = deque()
        self._carry = b""

    def begin(self, *, ends_transaction: bool, flushed: bool) -> None:
        """Expect the answer to what `raising` returned; `flushed` where the client's group ended in Flush."""
        self._withheld.extend("C" * ends_transaction + "Z" * flushed)
        self.skipping = flushed

    def skips(self, kind: str) -> bool:
        """Whether the client's next message, of this kind, is not for the server."""
        if kind == "S":
            self.skipping = False
        return self.skipping and kind != "X"

    def cut(self, data: bytes, frames: list[Frame]) -> tuple[bytes, list[Frame]]:
        """Return what is for the client, and which frames answer what it sent."""
        if not self._withheld:
            return data, frames
        passed, answering, start = [], [], 0
        for frame in frames:
            piece, self._carry = self._carry + data[start : frame.end], b""
            start = frame.end
            if self._withheld and frame.kind == self._withheld[0]:
                self._withheld.popleft()
                if frame.kind == "Z":
                    answering.append(frame)  # it names the transaction's status
                continue
            passed.append(piece)
            answering.append(frame)
        if self._withheld:
            self._carry += data[start:]
        else:
            passed.append(data[start:])
        return b"".join(passed), answering
