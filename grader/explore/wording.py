"""A statement and what came of it, in a line each, as a learner reads them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from grader.explore.values import Step
    from grader.wire import Statement

ERRORS = {
    "08006": "connection lost",
    "23503": "foreign key violation",
    "23505": "unique violation",
    "23514": "check violation",
    "23P01": "exclusion violation",
    "25P02": "transaction aborted",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "lock not available",
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{8})([0-9a-f]{4})", re.IGNORECASE)
_ENTRY = re.compile(r"\b\d{13}-\d+\b")
"""The id that Redis gives a stream's entry: milliseconds, and a number among those of one."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:")
_TYPE = r"(?:character varying|bit varying|double precision|time(?:stamp)?(?:\(\d\))? with(?:out)? time zone|\w+)"
"""A type's name; those of more than one word are PostgreSQL's own."""
_PARAMETER = re.compile(rf"\$(\d+)(?:::{_TYPE}(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*)?", re.IGNORECASE)
_COLUMNS = re.compile(r"^(SELECT )(?!COUNT\b).+?(?= FROM )", re.IGNORECASE)
_FROM = re.compile(r"^(SELECT …) FROM \w+(?= WHERE )")
_SET = re.compile(r"\bSET (.+?)(?: WHERE | RETURNING |$)", re.IGNORECASE)
_COMPUTED = re.compile(r"(\w+)\s*=\s*(?:\w+\.)?\1\b")
_ASSIGNED = re.compile(rf"\b(\w+)\s*=\s*{_PARAMETER.pattern}(?=\s*(?:,|$))", re.IGNORECASE)
"""In a SET clause a column and the number of the parameter that it is set to."""
_TARGET = re.compile(r"\b(\w+)\s*=")
_GAPS = re.compile(r"…(?:\s*,\s*…)+")
_RETURNING = re.compile(r" RETURNING .*$", re.IGNORECASE)
_TABLE = re.compile(r"\b(?:FROM|INTO|(?<!FOR )(?<!DO )UPDATE)\s+([a-z_]+)\b", re.IGNORECASE)
_JOIN = re.compile(r"\bJOIN\b", re.IGNORECASE)
VALUE = 24
"""Characters of a value that are shown."""
SHOWN = 3
"""Values of a row that are shown."""
SHORT = 12


def text_of(statement: Statement, left_out: Collection[str] = ()) -> str:
    """Return a statement in one line, with its values in place; without the columns it reads, and these it sets."""
    return _in_one_line(statement.service, statement.text, statement.parameters, left_out)


def text_of_step(step: Step) -> str:
    """Return the same for all statements of a step, which may not have been sent yet."""
    return "; ".join(
        _in_one_line(step.service, text, parameters)
        for text, parameters in zip(step.texts, step.parameters, strict=True)
    )


def _in_one_line(
    service: str, text: str, parameters: Sequence[str | bytes | None], left_out: Collection[str] = ()
) -> str:
    if service != "postgres":
        sent = fields(parameters[0]) if service == "http" and parameters else map(shortened, parameters)
        return _UUID.sub(r"…\2", " ".join([text, *sent]))[:200]

    def value(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return literal(parameters[index]) if index < len(parameters) else match[0]

    text = " ".join(text.split())
    if left_out and (clause := _SET.search(text)):
        told = _GAPS.sub("…", _ASSIGNED.sub(lambda match: "…" if match[1] in left_out else match[0], clause[1]))
        if told != "…":
            text = text[: clause.start(1)] + told + text[clause.end(1) :]
    text = _COLUMNS.sub(r"\1…", text, count=1)
    text = _RETURNING.sub("", text)
    for table in set(_TABLE.findall(text)):
        text = text.replace(f"{table}.", "")
    return _UUID.sub(r"…\2", _PARAMETER.sub(value, text)).replace(" = ", "=")


def note_of(statements: Sequence[Statement], changed: Sequence[str] = ()) -> str:
    """Return what came of a step: an error, the values read, those of `changed` columns first, or the rows written."""
    failed = next((statement for statement in statements if statement.error), None)
    if failed is not None:
        return ERRORS.get(failed.error or "", failed.error or "")
    last = statements[-1]
    word = last.command.partition(" ")[0]
    if told := _told(last, changed):
        more = f", and {last.rows - 1} more" if last.rows > 1 and last.service == "postgres" else ""
        return f"→ {', '.join(told[:SHOWN])}{more}"
    if word in {"UPDATE", "DELETE", "INSERT", "MERGE"} or (word == "SELECT" and last.rows != 1):
        return f"{last.rows} row{'s' * (last.rows != 1)}" if last.rows or word != "SELECT" else "→ no row"
    return ""


def _told(statement: Statement, changed: Sequence[str]) -> list[str]:
    """Return what the first row of an answer, a reply or a call's answer tells beside what was sent."""
    if statement.result is None or not statement.result.rows:
        return []
    row = list(zip(statement.result.columns, statement.result.rows[0], strict=False))
    if statement.service == "redis":
        reply = "nil" if row[0][1] is None else shortened(row[0][1])
        return [reply] if reply != "…" else []
    if statement.service == "http":
        return [str(row[0][1]), *(f"{name} {shortened(value)}" for name, value in row[1:])]
    known = {column for column, _ in _assigned(statement)}
    if statement.command.startswith("INSERT"):
        known |= {name for name, value in row if value in statement.parameters}
    if statement.command.startswith(("INSERT", "UPDATE")):
        known |= {name for name, value in row if _TIMESTAMP.match(str(value))}
    targets = set(_TARGET.findall(_clause(statement)))
    row = [pair for pair in row if pair[0] in targets] or row
    row = [(name, value) for name, value in row if name not in known and not _UUID.fullmatch(str(value))]
    telling = [pair for column in changed for pair in row if pair[0] == column]
    pairs = sorted(((name, shortened(value)) for name, value in telling or row), key=lambda pair: len(pair[1]) > SHORT)
    return [f"{name} {value}" for name, value in pairs]


def fields(body: object) -> list[str]:
    """Return what a request's body holds, `name=value` for each member of a JSON object; it may be the JSON's text."""
    try:
        members = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        members = None
    if isinstance(members, dict):
        texts = (
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in members.items()
        )
        return [f"{name}={shortened(text)}" for name, text in texts]
    return [shortened(body)] if body else []


def shortened(value: object, most: int = VALUE) -> str:
    """Return a value as it is shown: in one line, and of so many characters at most."""
    text = "null" if value is None else " ".join(str(value).split())
    text = _ENTRY.sub("…", _UUID.sub(r"…\2", text))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def literal(value: object) -> str:
    """Return a parameter as it is shown in a statement."""
    text = shortened(value)
    return text if value is None or re.fullmatch(r"-?\d+(\.\d+)?|…\w+|true|false", text) else f"'{text}'"


class Reading(NamedTuple):
    """What of a run's statements is worth a reader's time."""

    changed: Sequence[str]
    """The columns that changed, the most telling first."""
    unchanged: Collection[str]
    """Those that were set and stayed as they were."""
    tables: Collection[str]

    def text_of(self, statements: Iterable[Statement]) -> str:
        """Return statements of a step in one line; where there is one table, it is not named again and again."""
        texts = [text_of(statement, self.unchanged) for statement in statements]
        return "; ".join(texts if len(self.tables) > 1 else [_FROM.sub(r"\1", text) for text in texts])


def reading(statements: Iterable[Statement]) -> Reading:
    """Look through statements in order.

    Changed are first the columns that an UPDATE computed, then those to which one gave another value than was read;
    unchanged those to which each gave what had been read of the same table before it.
    """
    read: dict[str, set[str]] = {}
    read_of: dict[tuple[str, str], set[str]] = {}
    computed: set[str] = set()
    assigned: set[tuple[str, str]] = set()
    repeated: set[str] = set()
    given: set[str] = set()
    tables: set[str] = set()
    for statement in statements:
        if statement.service != "postgres":
            continue
        named = set(_TABLE.findall(statement.text))
        tables |= named
        table = named.pop() if len(named) == 1 and not _JOIN.search(statement.text) else ""
        for column, value in _assigned(statement):
            assigned.add((column, value))
            (repeated if table and read_of.get((table, column)) == {value} else given).add(column)
        computed |= set(_COMPUTED.findall(_clause(statement)))
        if statement.result is not None:
            for row in statement.result.rows:
                for column, seen in zip(statement.result.columns, row, strict=False):
                    read.setdefault(column, set()).add(str(seen))
                    read_of.setdefault((table, column), set()).add(str(seen))
    changed = {column for column, value in assigned if column in read and read[column] != {value}} - computed
    return Reading([*sorted(computed), *sorted(changed)], repeated - given - changed - computed, tables)


def _assigned(statement: Statement) -> list[tuple[str, str]]:
    """Return the columns that an UPDATE sets to its parameters, and to what."""
    found = _ASSIGNED.findall(_clause(statement))
    values = statement.parameters
    return [(column, str(values[int(number) - 1])) for column, number in found if int(number) <= len(values)]


def _clause(statement: Statement) -> str:
    clause = _SET.search(" ".join(statement.text.split()))
    return clause[1] if clause else ""
