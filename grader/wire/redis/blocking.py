"""Commands that wait in the server for something to come, and for how long."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

_READERS = frozenset(("XREAD", "XREADGROUP"))
"""They wait for so many milliseconds after BLOCK."""
_LAST = frozenset(("BLMOVE", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZPOPMAX", "BZPOPMIN"))
_FIRST = frozenset(("BLMPOP", "BZMPOP"))
"""They wait for so many seconds, the last word or the first."""
_WAITERS = _LAST | _FIRST | {"WAIT", "WAITAOF"}


@dataclass(frozen=True, slots=True)
class Blocked:
    """A client whose command waits in the server without end, and how many seconds it had asked for.

    `client` is the server's number for it, as CLIENT UNBLOCK takes it.
    """

    client: int
    seconds: float


def may_wait(name: str, words: list[bytes]) -> bool:
    """Whether a command waits in the server where there is nothing to answer with."""
    return name in _WAITERS or (name in _READERS and _timeout_of(name, words) is not None)


def without_end(words: list[bytes]) -> tuple[list[bytes], float] | None:
    """Return a command that blocks for a while as one that does without end, and the while in seconds; else None."""
    name = words[0].decode("latin-1").upper()
    at = _timeout_of(name, words)
    with suppress(ValueError):
        if at is not None and (length := float(words[at])) > 0:
            return [*words[:at], b"0", *words[at + 1 :]], length / 1000 if name in _READERS else length
    return None


def _timeout_of(name: str, words: list[bytes]) -> int | None:
    """Return where among the words the timeout stands; None where there is none."""
    if name in _LAST | _FIRST and len(words) > 1:
        return len(words) - 1 if name in _LAST else 1
    if name in _READERS:
        options = [word.upper() for word in words[:-1]]
        options = options[: options.index(b"STREAMS")] if b"STREAMS" in options else options
        return options.index(b"BLOCK") + 1 if b"BLOCK" in options else None
    return None
