"""Requests that a check sends to a submission, and the answers it gets."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grader.lab.logs import printed
from grader.verdict import Evidence, Finding, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.wire import Statement


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `json` is sent as the body where it is not None, `text` as it is, called JSON all the same."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    @property
    def body(self) -> bytes | None:
        """What is sent, None for nothing."""
        text = self.text if self.json is None else json.dumps(self.json)
        return None if text is None else text.encode()

    def __str__(self) -> str:
        query = "&".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


def get(path: str, **params: object) -> Request:
    """Return a GET request with these query parameters."""
    return Request("GET", path, {key: str(value) for key, value in params.items()})


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one request may take: `seconds` of wall time, `statements` sent to the servers."""

    seconds: float = 10.0
    statements: int = 20_000


class Stopped(Finding):
    """A request that went over its budget of statements; `statements` are those within it."""

    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and what the service asked of its servers for it.

    `statements` leaves out what a driver sends for itself (BEGIN, SET, probes); `round_trips` counts everything.
    `seconds` is wall time, shown and never graded.
    """

    request: Request
    status: int
    headers: Mapping[str, str]
    body: bytes
    statements: tuple[Statement, ...]
    round_trips: int
    seconds: float
    log: str = ""

    @property
    def rows(self) -> int:
        """Rows that the servers sent for it."""
        return sum(s.rows for s in self.statements)

    def header(self, name: str) -> str | None:
        """Return a header, its name in any case; of equal ones the last."""
        return self.headers.get(name.lower())

    def json(self) -> Any:  # noqa: ANN401 -- any JSON value
        """Return the body as JSON; a Finding where it is not JSON, whatever the status."""
        return self.expect(self.status)

    def expect(self, *statuses: int) -> Any:  # noqa: ANN401 -- any JSON value
        """Return the body as JSON; a Finding where the status is none of these or the body is not JSON."""
        wanted = " or ".join(map(str, statuses))
        if self.status not in statuses:
            shown = self.body[:400].decode(errors="replace")
            raise Finding(
                f"sent {self.request}",
                f"answered {self.status}",
                f"it answers {wanted}",
                (Evidence("the answer", (shown,)), *printed(self.log)),
            )
        try:
            return json.loads(self.body)
        except ValueError:
            shown = self.body[:400].decode(errors="replace")
            raise Finding(
                f"sent {self.request}",
                f"answered {self.status} with a body that is not JSON",
                "every body is JSON",
                (Evidence("the answer", (shown,)),),
            ) from None

    def most_repeated(self) -> Evidence:
        """Return the statement that was sent most often, how often, and the line of the submission that sent it."""
        return most_repeated(self.statements)


def most_repeated(statements: tuple[Statement, ...]) -> Evidence:
    """Return the statement that occurs most often, with its place, as evidence."""
    counts = Counter((s.text, s.site) for s in statements)
    if not counts:
        return Evidence("no statement was sent")
    (text, site), times = counts.most_common(1)[0]
    place = Place(site.file, site.line) if site else None
    kinds = len({s.text for s in statements})
    title = f"{times} of {len(statements)} statements were this one" + (f", {kinds} differ" if kinds > 1 else "")
    return Evidence(title, (shortened(text),), place)


def shortened(text: str) -> str:
    """Return a statement's text in one line, its list of columns left out."""
    return re.sub(r"^(SELECT )(?!COUNT\b).+?( FROM )", r"\1…\2", " ".join(text.split()), count=1, flags=re.IGNORECASE)
