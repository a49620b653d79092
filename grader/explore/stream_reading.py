"""What Redis's stream commands touch: a stream's entries, and what each group was given and has acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.values import Access, Mode
from grader.wire.recorder import VALUES_CAP

if TYPE_CHECKING:
    from collections.abc import Sequence

STREAM_COMMANDS = frozenset(
    "XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XTRIM".split()  # noqa: SIM905 -- a line, not twelve
)
"""XGROUP and XINFO are not among them: they touch a stream as a whole."""
_WRITERS = frozenset(("XADD", "XDEL", "XTRIM"))
_GIVERS = frozenset(("XAUTOCLAIM", "XCLAIM"))
_ENTRIES = ("part=entries",)


def stream_accesses(thing: str, name: str, arguments: Sequence[str]) -> frozenset[Access]:
    """Return what a stream command touches; ValueError or IndexError where its words are not understood.

    Who reads for a group moves it on and notes what was given to whom, so two of them depend on each other. Whoever
    acknowledges changes what is noted of these entries alone.
    """

    def access(key: str, mode: Mode, part: tuple[str, ...]) -> Access:
        return Access(thing, mode, (f"key={key[:VALUES_CAP]}", *part))

    if name in {"XREAD", "XREADGROUP"}:
        upper = [word.upper() for word in arguments]
        rest = arguments[upper.index("STREAMS") + 1 :]
        keys = rest[: len(rest) // 2]
        found = [access(key, Mode.SHARE, _ENTRIES) for key in keys]
        if name == "XREADGROUP":
            group = _group(arguments[upper.index("GROUP") + 1])
            found += [access(key, Mode.EXCLUSIVE, group) for key in keys]
        return frozenset(found)
    key = arguments[0]
    if name in _WRITERS:
        return frozenset({access(key, Mode.EXCLUSIVE, _ENTRIES)})
    if name in {"XLEN", "XRANGE", "XREVRANGE"}:
        return frozenset({access(key, Mode.SHARE, _ENTRIES)})
    group = _group(arguments[1])
    if name == "XACK":
        return frozenset(access(key, Mode.EXCLUSIVE, (*group, f"entry={entry}")) for entry in arguments[2:])
    if name in _GIVERS:
        return frozenset({access(key, Mode.EXCLUSIVE, group), access(key, Mode.SHARE, _ENTRIES)})
    return frozenset({access(key, Mode.SHARE, group)})


def _group(name: str) -> tuple[str, ...]:
    return (f"part=group {name}",)
