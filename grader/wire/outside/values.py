"""A call to the outside service, and what becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request of a submission, as it came."""

    replica: str
    number: int
    """Position among the calls of this replica that were taken, from 1."""
    method: str
    path: str
    """Without the query."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case; of equal ones the last."""
    header_list: tuple[tuple[str, str], ...]
    """Every header in the order in which they came; names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answers; `json` is the body where it is not None."""

    status: int
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class HangUp(Exception):  # noqa: N818 -- what a handler orders, not an error
    """Raised by a handler to close the connection without an answer."""


Handler = Callable[[Call], Awaitable[Reply]]
"""Answers a call. It is not cancelled when its client leaves, as a service elsewhere would not be."""
