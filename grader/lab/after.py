"""What an exploration is given by a check: rows, what must hold afterwards, and what a client would try again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.lab.http import Answer, Request

if TYPE_CHECKING:
    from grader.lab.bench import Lab

Tables = Mapping[str, Sequence[Mapping[str, object]]]
"""Rows by table, in the order in which they are written; all rows of a table have equal keys."""


@dataclass(frozen=True, slots=True)
class After:
    """What an invariant is looked for in: the answers, in the order of the requests, and the lab with its rows.

    Rounds of processes have no answer.

    An answer is None where none came, since its replica was killed.
    """

    answers: tuple[Answer | None, ...]
    lab: Lab


Holds = Callable[[After], Awaitable[None]]
"""Raises a Finding where the invariant is broken."""
SetUp = Callable[[], Awaitable[None]]
"""Makes what each run begins with beside rows."""
Retry = Callable[[Answer | None], Request | None]
"""Returns what a client would send after such an answer, or None where it would send nothing."""
