"""What a service printed, as evidence: all of its end, or the part of it that tells most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.verdict import Evidence, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

PRINTED = "the service printed"
TELLING = 3
"""Lines at the end of what was printed that are told where there is room for few."""


def printed(log: str, lines: int = 25) -> tuple[Evidence, ...]:
    """Return the last lines that the service printed as evidence, or nothing where it printed nothing."""
    tail = log.rstrip().splitlines()[-lines:]
    return (Evidence(PRINTED, tuple(tail)),) if tail else ()


def raised(log: str) -> tuple[Evidence, ...]:
    """Return what the service printed last of an exception, and the line of the submission that it went through."""
    _, _, trace = log.rpartition("Traceback (most recent call last):")
    said = [line for line in trace.splitlines() if line and not line.startswith(" ")]
    if '  File "' not in trace or not said:  # of a long traceback the beginning may be cut off
        return ()
    places = re.findall(r'File "[^"]*?\b(app/[^"]+)", line (\d+)', trace)
    place = Place(places[-1][0], int(places[-1][1])) if places else None
    return (Evidence(PRINTED, (said[0],), place),)


def telling(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Return a few lines of what was printed: the exception and its place, or else the last lines."""
    found = next((one for one in evidence if one.title == PRINTED), None)
    if found is None:
        return ()
    found = next(iter(raised("\n".join(found.lines))), found)
    return (*found.lines[-TELLING:], *([f"at {found.place}"] if found.place else []))
