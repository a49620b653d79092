"""Replay tokens: which check, which of its explorations, and the schedule or the crash.

`one-of-two-edits-wins:A.BBB.AA` is a schedule: the actors in the order in which their steps were let go, a dot where
another goes on. `a-crash-leaves-all-or-nothing:cut-after-A3` is a crash. A check that explores several times says
which: `restocks-add-up~2:A.B.A.B`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Self

_TOKEN = re.compile(r"(?P<check>[a-z0-9-]+)(?:~(?P<number>\d+))?:(?P<rest>\S+)")
_ACTOR = re.compile(r"[A-Z]\d*")
_FAULT = re.compile(r"(?P<verb>[a-z]+(?:-[a-z]+)*)-(?P<actor>[A-Z]\d*?)(?P<index>\d+)")


class TokenError(ValueError):
    """A text that is no replay token; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Token:
    """What `--replay` is given: either a schedule or a fault at one step."""

    check: str
    number: int = 1
    """Which exploration of the check, from 1."""
    schedule: tuple[str, ...] = ()
    fault: str = ""
    """For example `cut-after-A3`."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the token that a text is; raises TokenError."""
        match = _TOKEN.fullmatch(text.strip())
        if match is None:
            raise TokenError(f"{text!r} is no replay token; one looks like one-of-two-edits-wins:A.BBB.AA")
        rest, number = match["rest"], int(match["number"] or 1)
        if _FAULT.fullmatch(rest):
            return cls(match["check"], number, fault=rest)
        schedule = _ACTOR.findall(rest)
        if "".join(schedule) != rest.replace(".", ""):
            raise TokenError(f"{text!r}: {rest!r} is no schedule, such as A.BBB.AA, and no crash, such as cut-after-A3")
        return cls(match["check"], number, schedule=tuple(schedule))

    def __str__(self) -> str:
        which = f"~{self.number}" if self.number > 1 else ""
        runs = ".".join("".join(group) for _, group in groupby(self.schedule))
        return f"{self.check}{which}:{self.fault or runs}"
