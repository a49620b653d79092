"""LOCK TABLE, which sqlglot does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.effects import Effects
from grader.explore.sql_text import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.explore.catalogue import Catalogue
    from grader.explore.sql_text import Lexeme
    from grader.explore.touch import Touch

_WEAK = {"access share", "row share", "row exclusive"}
"""Modes that every statement takes on what it reads or writes."""


def lock_table(pieces: list[Lexeme], catalogue: Catalogue) -> Iterable[Touch]:
    """Return what LOCK [TABLE] name [, …] [IN mode MODE] [NOWAIT] touches."""
    rest = pieces[2:] if pieces[1].value == "table" else pieces[1:]
    place = next((number for number, piece in enumerate(rest) if piece.value == "in" and piece.kind == "word"), None)
    names = [piece for piece in rest[:place] if piece.value not in {"only", "*", "nowait"}]
    mode = (
        " ".join(piece.value for piece in rest[place + 1 :] if piece.value not in {"mode", "nowait"}) if place else ""
    )
    effects = Effects(catalogue)
    text = "".join(piece.value for piece in names)
    for name in text.split(","):
        schema, _, short = name.rpartition(".")
        table = catalogue.find(short, schema)
        if table is None:
            raise UnreadableError(f"there is no table {name}")
        if mode in _WEAK:
            effects.read(table)
        else:
            effects.lock_whole(table, against_reading=mode in {"", "access exclusive"})
    return effects.touches
