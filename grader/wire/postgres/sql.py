"""What a statement is, told from its text: its category, whether it writes or locks, and where the next one begins.

The rule, in one place:

- Noise, passed freely and not counted: BEGIN, SAVEPOINT, RELEASE; SET, SHOW, RESET, DEALLOCATE, DISCARD, CLOSE,
  UNLISTEN; empty statements; a pool's reset; a driver's own questions about types and settings (`PROBES`).
- ROLLBACK (and ROLLBACK TO) is noise if its transaction neither wrote nor locked, as far as the texts tell.
- COMMIT is no noise: it is a step, even of a transaction that only read.
- COPY, LISTEN and NOTIFY are counted, but pass a gate freely.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from grader.wire.recorder import Category

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHED = 32 << 10
"""Texts up to this many characters are remembered with what they are, 200 of them; longer ones are not read through."""

_LEXEME = re.compile(
    r"""
      (?P<blank>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<end>;)
    | (?P<other>\d+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")

_CATEGORIES: dict[tuple[str, ...], Category] = {
    ("begin",): Category.BEGIN,
    ("start", "transaction"): Category.BEGIN,
    ("commit",): Category.COMMIT,
    ("end",): Category.COMMIT,
    ("prepare", "transaction"): Category.COMMIT,
    ("rollback",): Category.ROLLBACK,
    ("abort",): Category.ROLLBACK,
    ("savepoint",): Category.SAVEPOINT,
    ("release",): Category.SAVEPOINT,
    ("set", "constraints"): Category.STATEMENT,  # may run deferred checks
    ("set",): Category.SESSION,
    ("show",): Category.SESSION,
    ("reset",): Category.SESSION,
    ("deallocate",): Category.SESSION,
    ("discard",): Category.SESSION,
    ("close",): Category.SESSION,
    ("unlisten",): Category.SESSION,
    ("listen",): Category.LISTEN,
    ("notify",): Category.LISTEN,
    ("copy",): Category.COPY,
}

NOISE = frozenset(
    {
        Category.BEGIN,
        Category.SAVEPOINT,
        Category.SESSION,
        Category.EMPTY,
        Category.PROBE,
        Category.PREPARE,
    }
)
UNGATED = NOISE | {Category.COPY, Category.LISTEN}

PROBES = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        # SQLAlchemy's first connection
        r"select pg_catalog\.version\(\)",
        r"select current_schema\(\)",
        # psycopg's TypeInfo.fetch, which SQLAlchemy uses for hstore, and its relatives for enums, ranges, composites
        r"SELECT (?:(?:t\.)?typname AS )?name, .{0,1200}to_regtype\(.{0,300}",
        # asyncpg: types by OID, a type by its name, and jit around them
        r"SELECT current_setting\('jit'\) AS cur, set_config\('jit', 'off', false\) AS new",
        r"SELECT set_config\('jit', \$1, false\)",
        r"WITH RECURSIVE typeinfo_tree\( .{0,6000}",
        r"SELECT t\.oid, t\.typelem AS elemtype, t\.typtype AS kind FROM pg_catalog\.pg_type AS t .{0,600}",
    )
)
_RELATION = re.compile(r"\b(?:from|join)\s+(?:lateral\s+)?([\w.\"]+)", re.IGNORECASE)
_OWN = ("pg_", "typeinfo_tree", "typebases", "unnest")
_ASYNCPG_RESET = re.compile(r"\s*SELECT pg_advisory_unlock_all\(\);\s*CLOSE ALL;\s*", re.IGNORECASE)

_READS = frozenset({"select", "table", "values", "with", "explain", "fetch", "declare", "move"})
_MUTATES = frozenset({"insert", "update", "delete", "merge", "into", "share", "lock"})
_PURE = frozenset(
    """
    abs age all and any array array_agg array_length as avg between bit bool_and bool_or btrim by cardinality cast
    ceil ceiling char clock_timestamp coalesce concat concat_ws count cube current_schema current_setting
    date_part date_trunc decimal dense_rank distinct else every except exists extract filter first_value floor
    format from generate_series greatest grouping having ilike in intersect interval is json_agg json_build_array
    json_build_object json_object_agg jsonb_agg jsonb_array_length jsonb_build_array jsonb_build_object
    jsonb_object_agg lag last_value lateral lead least left length like limit lower ltrim materialized max md5 min
    mod not now ntile nullif numeric offset on or over percentile_cont percentile_disc pg_typeof plainto_tsquery
    position power rank recursive replace right rollup round row row_number row_to_json rtrim select sets
    similarity some split_part sqrt statement_timestamp string_agg strpos substr substring sum then time timestamp
    timestamptz to_char to_date to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector
    transaction_timestamp trim ts_rank union unnest upper using values varchar version websearch_to_tsquery when
    where with within
    """.split()  # noqa: SIM905 -- a hundred quoted lines would hide the list
)


class Reading(NamedTuple):
    """What a statement's text says."""

    category: Category
    touches: bool
    """It writes or locks, or may: an unknown function counts."""


def _lexemes(text: str) -> Iterator[tuple[str, str, int]]:
    """Give (kind, text, end) of what matters in a text: no blanks, no comments."""
    position = 0
    while position < len(text):
        match = _LEXEME.match(text, position)
        if match is None:  # cannot be: `other` takes anything
            break
        kind, stop = match.lastgroup or "other", match.end()
        if kind == "comment":
            stop = _comment_end(text, position)
        elif kind == "dollar":
            closing = text.find(match[0], stop)
            stop = len(text) if closing < 0 else closing + len(match[0])
            yield "string", "", stop
        elif kind != "blank":
            yield kind, match[0].lower() if kind == "word" else match[0], stop
        position = stop


def _comment_end(text: str, start: int) -> int:
    """Return where the comment that begins at `start` ends; comments nest in PostgreSQL."""
    depth, position = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def split(text: str) -> list[str]:
    """Return the statements of a simple Query's text; an empty query is one empty statement.

    The server answers each of them with a CommandComplete, and gives empty ones between semicolons no answer.
    """
    if ";" not in text.rstrip("; \r\n\t"):
        return [text]
    parts: list[str] = []
    start, filled = 0, False
    for kind, _, stop in _lexemes(text):
        if kind != "end":
            filled = True
            continue
        if filled:
            parts.append(text[start:stop].strip())
        start, filled = stop, False
    if filled:
        parts.append(text[start:].strip())
    return parts or [text]


def is_pool_reset(text: str) -> bool:
    """Whether a simple Query is the one that asyncpg's pool sends when it takes a connection back."""
    return _ASYNCPG_RESET.match(text) is not None and "RESET ALL" in text


def read(text: str) -> Reading:
    """Return what one statement is."""
    return _read_cached(text) if len(text) <= _CACHED else _read(text)


def _read(text: str) -> Reading:
    lexemes = ((kind, word) for kind, word, _ in _lexemes(text) if kind != "end")
    first = list(islice(lexemes, 2))
    if not first:
        return Reading(Category.EMPTY, touches=False)
    words = tuple(word for _, word in first)
    category = _CATEGORIES.get(words) or _CATEGORIES.get(words[:1]) or Category.STATEMENT
    if category is Category.COPY:
        return Reading(category, touches=("word", "from") in _outside_parentheses([*first, *lexemes]))
    if category is not Category.STATEMENT:
        return Reading(category, touches=False)
    if len(text) > _CACHED or words[-1 if words[0] == "(" else 0] not in _READS:
        return Reading(category, touches=True)
    if words[0] in {"select", "with"} and _is_probe(text):
        return Reading(Category.PROBE, touches=False)
    return Reading(category, touches=_touches([*first, *lexemes]))


_read_cached = lru_cache(maxsize=200)(_read)


def _is_probe(text: str) -> bool:
    flat = " ".join(text.split()).rstrip("; ")
    if not any(probe.fullmatch(flat) for probe in PROBES):
        return False
    return all(name.lower().startswith(_OWN) for name in _RELATION.findall(flat))


def _outside_parentheses(lexemes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    depth, found = 0, []
    for lexeme in lexemes:
        depth += (lexeme == ("other", "(")) - (lexeme == ("other", ")"))
        if not depth:
            found.append(lexeme)
    return found


def _touches(lexemes: list[tuple[str, str]]) -> bool:
    """Whether a statement that begins like a read writes or locks after all."""
    last = ("", "")
    for lexeme in lexemes:
        kind, word = lexeme
        if kind == "word" and word in _MUTATES:
            return True
        if word == "(" and last[0] in {"word", "name"} and last[1] not in _PURE:
            return True
        last = lexeme
    return False
