"""The life of an event, told from what went over the wires: its row, its order's commit, the polls, and its end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from grader.explore.picture import note_of, text_of
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
    """What one side did without the other coming in between: one statement of the web, or a round of a relay."""

    statements: list[Statement] = field(default_factory=list)
    again: bool = False
    """It happened again and again just so, with nothing in between."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The statements as they are shown."""
        return tuple(map(_line, self.statements))


def life_of(order: str, statements: Sequence[Statement], web: Iterable[str]) -> Evidence:
    """Return the steps that tell what became of an order's event; `web` names the replicas of the web service."""
    replicas = frozenset(web)
    counted = [s for s in statements if not s.noise]
    first = next((n for n, s in enumerate(counted) if _mentions(s, order)), len(counted))
    scenes = list(_without_repetition(_scenes(order, counted[first:], replicas)))
    told = [statement for scene in scenes for statement in scene.statements]
    lines = []
    for scene in scenes:
        for line in scene.lines:
            lines.append(f"{len(lines) + 1:>3}  {line}")
        if scene.again:
            lines.append("     … and so again and again")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES // 2], "     …", *lines[-MOST_LINES // 2 :]]
    return Evidence(f"the life of its event: {', '.join(_summary(order, told, replicas))}", tuple(lines))


def _scenes(order: str, statements: Sequence[Statement], web: frozenset[str]) -> Iterator[_Scene]:
    """Yield what tells of the order: its own statements, commits of the web, and all that relays did."""
    round_ = _Scene()
    for statement in statements:
        if statement.replica not in web:
            round_.statements.append(statement)
            if statement.category in _ENDS:
                yield round_
                round_ = _Scene()
            continue
        if _mentions(statement, order) or statement.category is Category.COMMIT:
            yield round_
            round_ = _Scene()
            yield _Scene([statement])
    yield round_


def _without_repetition(scenes: Iterator[_Scene]) -> Iterator[_Scene]:
    """Yield each scene once where it follows itself."""
    for _, alike in groupby((scene for scene in scenes if scene.statements), key=lambda scene: scene.lines):
        same = list(alike)
        yield _Scene(same[0].statements, again=len(same) > 1)


def _summary(order: str, told: Sequence[Statement], web: frozenset[str]) -> list[str]:
    """Return where the event's row, the order's commit and the event's publication are among the steps told."""
    own = [
        (n, s) for n, s in enumerate(told, 1) if s.replica in web and _mentions(s, order) and s.service == "postgres"
    ]
    row = next((n for n, s in own if _OUTBOX.search(s.text)), 0)
    session = (own[0][1].replica, own[0][1].connection) if own else None
    committed = next(
        (
            n
            for n, s in enumerate(told, 1)
            if s.category is Category.COMMIT and (s.replica, s.connection) == session and s.done and not s.error
        ),
        0,
    )
    seen = next((n for n, s in enumerate(told, 1) if s.replica not in web and s.result and _mentions(s, order)), 0)
    published = next(
        (n for n, s in enumerate(told, 1) if s.text.upper().startswith("XADD") and _mentions(s, order) and not s.error),
        0,
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


def _line(statement: Statement) -> str:
    text, note = text_of(statement), note_of((statement,))
    text = text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"
    note = note if len(note) <= NOTE else f"{note[: NOTE - 1]}…"
    return f"{statement.replica}  {text}  {note}".rstrip()
