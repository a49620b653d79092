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
    from collections.abc import Iterable, Sequence

    from grader.wire import Statement

MOST_LINES = 16
_OUTBOX = re.compile(r"\bINSERT\s+INTO\s+(?!orders\b|order_lines\b)\w+", re.IGNORECASE)


@dataclass(slots=True)
class _Life:
    """The steps, by their numbers, that tell of one order."""

    told: list[tuple[int, Statement]] = field(default_factory=list)
    row: int = 0
    committed: int = 0
    taken: int = 0
    published: int = 0
    polls: int = 0


def life_of(order: str, statements: Sequence[Statement], web: Iterable[str]) -> Evidence:
    """Return the steps that tell what became of an order's event; `web` names the replicas of the web service."""
    life = _life(order, [s for s in statements if not s.noise], frozenset(web))
    parts = [
        f"its outbox row was written at step {life.row}" if life.row else "no row beside it tells of an event",
        f"the order was committed at step {life.committed}" if life.committed else "its order was not committed",
        f"the relay looked {life.polls} times" if life.polls != 1 else "the relay looked once",
    ]
    if life.taken:
        parts.append(f"it had the event in hand at step {life.taken}")
    parts.append(f"published at step {life.published}" if life.published else "never published")
    lines = [
        line if count == 1 else f"{line}   (and so {count - 1} more times)" for line, count in _collapsed(life.told)
    ]
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines = [*lines[:half], f"      … {len(lines) - MOST_LINES} more", *lines[-half:]]
    return Evidence(f"the life of its event: {', '.join(parts)}", tuple(lines))


def _life(order: str, statements: Sequence[Statement], web: frozenset[str]) -> _Life:
    first = next((n for n, s in enumerate(statements) if _mentions(s, order)), len(statements))
    life, session = _Life(), None
    for number, statement in enumerate(statements[first:], 1):
        own = _mentions(statement, order)
        if statement.replica in web:
            session = (statement.replica, statement.connection) if own and session is None else session
            if statement.service == "postgres" and (statement.replica, statement.connection) == session:
                if own and _OUTBOX.search(statement.text):
                    life.row = life.row or number
                ends = statement.category is Category.COMMIT and not life.committed
                life.committed = number if ends and statement.done and not statement.error else life.committed
                if own or ends:
                    life.told.append((number, statement))
            elif own or statement.category is Category.COMMIT:
                life.told.append((number, statement))
        else:
            looks = statement.service == "postgres" and statement.result is not None
            life.polls += looks
            life.taken = life.taken or (number if looks and own else 0)
            if statement.text.upper().startswith("XADD") and own and statement.error is None:
                life.published = life.published or number
            idle = statement.category in {Category.COMMIT, Category.ROLLBACK} and _saw_nothing(life.told)
            if not idle:
                life.told.append((number, statement))
    return life


def _saw_nothing(told: Sequence[tuple[int, Statement]]) -> bool:
    """Whether the last thing told is a look that found nothing, so that the end of its transaction tells no more."""
    return bool(told) and told[-1][1].result is not None and not told[-1][1].rows


def _mentions(statement: Statement, order: str) -> bool:
    rows = statement.result.rows if statement.result is not None else []
    values = [*statement.parameters, *(value for row in rows for value in row)]
    return any(isinstance(value, str) and order in value for value in values)


def _collapsed(told: Sequence[tuple[int, Statement]]) -> list[tuple[str, int]]:
    """Return the lines, those alike that follow each other as one."""

    def line(numbered: tuple[int, Statement]) -> str:
        _, statement = numbered
        text = text_of(statement)
        note = note_of((statement,))
        text = text if len(text) <= 88 else f"{text[:87]}…"  # noqa: PLR2004 -- what fits in a line
        return f"{statement.replica}  {text}  {note}".rstrip()

    found = []
    for text, group in groupby(told, key=line):
        numbers = [number for number, _ in group]
        found.append((f"{numbers[0]:>4}  {text}", len(numbers)))
    return found
