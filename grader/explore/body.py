"""What the body of a function in SQL or PL/pgSQL mentions: more than it does, never less."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grader.explore.known_functions import CATALOGS, SYNTAX
from grader.explore.sql_text import Lexeme, UnreadableError, calls, lexemes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.explore.catalogue import Catalogue, Relation

_BEYOND = frozenset(
    """
    alter analyze call cluster commit copy create deallocate discard drop execute grant import listen load lock notify
    prepare reassign refresh reindex reset revoke rollback savepoint truncate unlisten vacuum
    """.split()  # noqa: SIM905 -- quoted one by one they would be harder to read
)
"""Words that make a body unreadable: DDL, statements built from texts, locks on tables."""


class Body(NamedTuple):
    """What a function's body mentions."""

    calls: tuple[str, ...]
    """Functions, nextval and keywords left out."""
    tables: tuple[Relation, ...]
    """It may read and write all of them."""
    sets: frozenset[str] | None
    """The columns of the row at hand that a trigger's function names, and so may set; None is all of them."""
    draws: bool
    """It calls nextval."""


def read_body(source: str, catalogue: Catalogue) -> Body:
    """Read a function's body; raises UnreadableError where it could do anything."""
    pieces = lexemes(source)
    words = {piece.value for piece in pieces if piece.kind == "word"}
    if beyond := words & _BEYOND:
        raise UnreadableError(f"a function's body says {min(beyond).upper()}")
    for place, piece in enumerate(pieces):
        follower = pieces[place + 1].value if place + 1 < len(pieces) else ""
        if piece.kind == "word" and piece.value == "set" and follower in {"local", "session", "constraints", "role"}:
            raise UnreadableError("a function's body changes a setting")
    if any(word.startswith("pg_") and word not in CATALOGS for word in _named(pieces)):
        raise UnreadableError("a function's body looks at the server's own state")
    names = [name for _, name in calls(pieces)]
    tables = dict.fromkeys(_named(pieces))
    return Body(
        tuple(
            dict.fromkeys(
                name
                for name in names
                if name in catalogue.functions
                or (name not in SYNTAX and name != "nextval" and name not in catalogue.by_short_name)
            )
        ),
        tuple(table for name in tables for table in catalogue.by_short_name.get(name, ())),
        _sets(pieces),
        "nextval" in names,
    )


def _named(pieces: list[Lexeme]) -> Iterator[str]:
    """Give all names in a body; a table's name may be one of them, whatever follows it."""
    for piece in pieces:
        if piece.kind in {"word", "name"}:
            yield piece.value


def _sets(pieces: list[Lexeme]) -> frozenset[str] | None:
    columns: set[str] = set()
    for place, piece in enumerate(pieces):
        before = pieces[place - 1].value if place else ""
        after = [follower.value for follower in pieces[place + 1 : place + 3]]
        if piece.kind != "word":
            continue
        if piece.value == "return" and after[:1] not in (["new"], ["null"]):
            return None
        if piece.value == "new" and after[:1] == ["."] and len(after) > 1:
            columns.add(after[1])
        elif piece.value == "new" and (after[:1] in (["="], [":"]) or before == "into"):
            return None
    return frozenset(columns)
