"""Who may speak, and what about: what becomes of a command that is not simply passed."""

from __future__ import annotations

import hmac
from enum import Enum, auto
from typing import NamedTuple

REFUSED = frozenset(
    (
        "ACL",
        "CONFIG",
        "DEBUG",
        "FAILOVER",
        "MIGRATE",
        "MODULE",
        "MONITOR",
        "PSYNC",
        "REPLCONF",
        "REPLICAOF",
        "SHUTDOWN",
        "SLAVEOF",
        "SYNC",
    )
)
"""Commands that would tell the server's password, or change or end the server; the only ones not passed."""
OWN = REFUSED | {"AUTH", "HELLO", "RESET"}
"""Commands that are looked at even when the client is known."""

_OK = b"+OK\r\n"
_NOAUTH = b"-NOAUTH Authentication required.\r\n"
_WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_HELLO_NOAUTH = (
    b"-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user>"
    b" <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n"
)
_CREDENTIALS = 2


class Do(Enum):
    """What to do with a command."""

    FORWARD = auto()
    ANSWER = auto()
    WELCOME = auto()
    """The client is known from now on; then forward or answer."""
    RESET = auto()
    """Forward it; the client is a stranger again, and so is the proxy to the server."""
    FAREWELL = auto()
    """Answer, and close the connection."""


class Ruling(NamedTuple):
    """What becomes of a command."""

    do: Do
    answer: bytes | None = None
    """What the proxy answers; None to forward."""
    rewritten: list[bytes] | None = None
    """What to forward instead of what came."""


def judge(words: list[bytes], *, known: bool, secret: bytes) -> Ruling:
    """Rule on a command; `known` says whether the client has already given the secret."""
    name = words[0].decode("latin-1").upper()
    if name == "AUTH":
        return _check(words[1:], secret, Ruling(Do.WELCOME, _OK))
    if name == "HELLO":
        return _hello(words, known=known, secret=secret)
    if not known:
        return Ruling(Do.FAREWELL, _OK) if name == "QUIT" else Ruling(Do.ANSWER, _NOAUTH)
    if name == "RESET":
        return Ruling(Do.RESET)
    if name in REFUSED:
        text = f"-NOPERM '{name.lower()}' is not available to a submission: it administers the server\r\n"
        return Ruling(Do.ANSWER, text.encode())
    return Ruling(Do.FORWARD)


def _hello(words: list[bytes], *, known: bool, secret: bytes) -> Ruling:
    """HELLO [version [AUTH user password] [SETNAME name]]: without its AUTH part it is passed on."""
    upper = [word.upper() for word in words]
    at = upper.index(b"AUTH", 2) if b"AUTH" in upper[2:] else 0
    if at and len(words) > at + _CREDENTIALS:
        rest = words[:at] + words[at + 1 + _CREDENTIALS :]
        return _check(words[at + 1 : at + 1 + _CREDENTIALS], secret, Ruling(Do.WELCOME, rewritten=rest))
    return Ruling(Do.FORWARD) if known else Ruling(Do.ANSWER, _HELLO_NOAUTH)


def _check(credentials: list[bytes], secret: bytes, right: Ruling) -> Ruling:
    if len(credentials) not in {1, _CREDENTIALS}:
        return Ruling(Do.ANSWER, b"-ERR wrong number of arguments for 'auth' command\r\n")
    user = credentials[0] if len(credentials) == _CREDENTIALS else b"default"
    if user == b"default" and hmac.compare_digest(credentials[-1], secret):
        return right
    return Ruling(Do.ANSWER, _WRONGPASS)
