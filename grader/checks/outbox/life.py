"""The life of an event, told from what went over the wires: its row, its order's commit, the polls, and its end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.wording import note_of, text_of
from grader.verdict import Evidence
from grader.wire import Category

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.wire import Statement

MOST_LINES = 24
TEXT, NOTE = 72, 44
"""Characters of a statement, and of what came of it, that are shown."""
_OUTBOX = re.compile(r"\bINSERT\s+INTO\s+(?!orders\b|order_lines\b)\w+", re.IGNORECASE)
_ENDS = {Category.COMMIT, Category.ROLLBACK}


@dataclass(slots=True)
class _Scene:
    """One statement of the web service, or what a relay did from one end of a transaction to the next."""

    statements: list[Statement] = field(default_factory=list)
    of_relay: bool = False
    times: int = 1

    @property
    def lines(self) -> list[str]:
        """Its statements as they are shown."""
        return [_line(statement, note=self.of_relay) for statement in self.statements]

    def tells_nothing_of(self, order: str) -> bool:
        """Whether a relay looked, published nothing, and did not see the order either."""
        return self.of_relay and not any(s.service == "redis" or _mentions(s, order) for s in self.statements)


def life_of(order: str, statements: Sequence[Statement], web: Iterable[str]) -> Evidence:
    """Return the steps that tell what became of an order's event; `web` names the replicas of the web service."""
    replicas = frozenset(web)
    # by their ends: a COMMIT that was held for long comes after what was done meanwhile
    counted = sorted((s for s in statements if not s.noise), key=lambda s: s.started + s.seconds)
    first = next((n for n, s in enumerate(counted) if _mentions(s, order)), len(counted))
    told: list[Statement] = []
    lines: list[str] = []
    for scene in _that_matter(order, _scenes(order, counted[first:], replicas)):
        for statement in scene.statements:
            told.append(statement)
            lines.append(f"{len(told):>3}  {_line(statement, note=scene.of_relay)}")
        if scene.times > 1:
            lines.append("     … and so again and again")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES // 2], "     …", *lines[-MOST_LINES // 2 :]]
    return Evidence(f"the life of its event: {', '.join(_summary(order, told, replicas))}", tuple(lines))


def _scenes(order: str, statements: Iterable[Statement], web: frozenset[str]) -> Iterator[_Scene]:
    """Yield what tells of the order: its own statements, commits of the web, and all that relays did."""
    scene = _Scene(of_relay=True)
    for statement in statements:
        relays = statement.replica not in web
        if relays:
            scene.statements.append(statement)
        if scene.statements and (not relays or statement.category in _ENDS):
            yield scene
            scene = _Scene(of_relay=True)
        if not relays and (_mentions(statement, order) or statement.category is Category.COMMIT):
            yield _Scene([statement])
    if scene.statements:
        yield scene


def _that_matter(order: str, scenes: Iterable[_Scene]) -> list[_Scene]:
    """Return the scenes without those in which a relay did nothing, the last of these apart."""
    kept: list[_Scene] = []
    for scene in scenes:
        if kept and kept[-1].tells_nothing_of(order):
            last = kept.pop()
            scene.times += last.times if scene.tells_nothing_of(order) else 0
        elif kept and kept[-1].of_relay and kept[-1].lines == scene.lines:
            scene.times += kept.pop().times
        kept.append(scene)
    return kept


def _summary(order: str, told: Sequence[Statement], web: frozenset[str]) -> list[str]:
    """Return where the event's row, the order's commit and the event's publication are among the steps told."""
    steps = [(number, s, _mentions(s, order)) for number, s in enumerate(told, 1)]
    own = [(n, s) for n, s, mentioned in steps if mentioned and s.replica in web and s.service == "postgres"]
    session = (own[0][1].replica, own[0][1].connection) if own else None
    row = next((n for n, s in own if _OUTBOX.search(s.text)), 0)
    commits = (
        n
        for n, s, _ in steps
        if s.category is Category.COMMIT and (s.replica, s.connection) == session and s.done and not s.error
    )
    committed = next(commits, 0)
    theirs = [(n, s) for n, s, mentioned in steps if mentioned and s.replica not in web]
    seen = next((n for n, s in theirs if s.service == "postgres"), 0)
    published = next(
        (n for n, s, mentioned in steps if mentioned and s.text.startswith("XADD") and s.done and not s.error), 0
    )
    return [
        f"its row was written in step {row}" if row else "no row was written for it",
        f"its order committed in step {committed}" if committed else "its order's COMMIT has no answer",
        f"a relay had it in hand in step {seen}" if seen else "no relay saw it",
        f"published in step {published}" if published else "never published",
    ]


def _mentions(statement: Statement, order: str) -> bool:
    rows = statement.result.rows if statement.result is not None else []
    values = [*statement.parameters, *(value for row in rows for value in row)]
    return any(isinstance(value, str) and order in value for value in values)


def _line(statement: Statement, *, note: bool) -> str:
    text, came = text_of(statement), note_of((statement,)) if note or statement.error else ""
    text = text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"
    came = came if len(came) <= NOTE else f"{came[: NOTE - 1]}…"
    return f"{statement.replica}  {text}  {came}".rstrip()
