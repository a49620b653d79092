"""Logging in to a PostgreSQL server: its authentication requests in, our answers out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from grader.wire.postgres import messages
from grader.wire.postgres.scram import Scram, ScramError

if TYPE_CHECKING:
    from grader.wire.postgres.frames import Frame


class LoginError(Exception):
    """The server asks for what cannot be given."""


class Login:
    """One login with a user and a password: SCRAM-SHA-256, md5, cleartext, or none."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._scram: Scram | None = None

    def answer(self, frame: Frame) -> bytes | None:
        """Return what to send for an Authentication message, None when the server is content; raises LoginError."""
        request, rest = int.from_bytes(frame.body[:4], "big"), frame.body[4:]
        try:
            return self._answer(request, rest)
        except ScramError as error:
            raise LoginError(str(error)) from error

    def _answer(self, request: int, rest: bytes) -> bytes | None:
        if request == messages.AUTHENTICATION_OK:
            if self._scram is not None and not self._scram.verified:
                raise LoginError("the server did not prove that it knows the password")
            return None
        if request == messages.CLEARTEXT:
            return messages.message(b"p", self._password.encode() + b"\0")
        if request == messages.MD5:
            inner = hashlib.md5((self._password + self._user).encode(), usedforsecurity=False).hexdigest()
            outer = hashlib.md5(inner.encode() + rest[:4], usedforsecurity=False).hexdigest()
            return messages.message(b"p", b"md5" + outer.encode() + b"\0")
        if request == messages.SASL:
            return self._begin_scram(rest)
        if request == messages.SASL_CONTINUE and self._scram is not None:
            return messages.message(b"p", self._scram.answer(rest))
        if request == messages.SASL_FINAL and self._scram is not None:
            self._scram.verify(rest)
            return b""
        error = f"the server asks for authentication method {request}, which the proxy does not know"
        raise LoginError(error)

    def _begin_scram(self, mechanisms: bytes) -> bytes:
        if b"SCRAM-SHA-256" not in mechanisms.split(b"\0"):
            raise LoginError("the server offers no SCRAM-SHA-256")
        self._scram = Scram(self._password)
        first = self._scram.first
        return messages.message(b"p", b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first)
