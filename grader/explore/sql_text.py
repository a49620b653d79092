"""A statement's text as lexemes: what it calls, what it names, and the form in which sqlglot reads it rightly."""

from __future__ import annotations

import re
from typing import NamedTuple

_LEXEME = re.compile(
    r"""
      (?P<blank>\s+|--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$\$.*?\$\$|\$(?P<tag>[^\W\d]\w*)\$.*?\$(?P=tag)\$)
    | (?P<parameter>\$\d+)
    | (?P<name>"(?:[^"]|"")+")
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class UnreadableError(Exception):
    """A statement, or a function's body, of which it is not known what it touches."""


class Lexeme(NamedTuple):
    """A piece of a text."""

    kind: str
    """`string`, `parameter`, `name` (quoted), `word`, `number` or `other`."""
    value: str
    """Words in lower case, names without their quotes, the rest as it stands."""
    end: int


def lexemes(text: str) -> list[Lexeme]:
    """Return the pieces of a text but blanks and comments; raises UnreadableError where one does not end."""
    found = []
    for match in _LEXEME.finditer(text):
        kind, value = match.lastgroup or "other", match[0]
        if kind == "tag":
            kind = "string"
        if kind == "blank":
            continue
        if value == "/" and text.startswith("/*", match.start()):
            raise UnreadableError("a comment within a comment, or one without an end")
        if value in {"'", '"'}:
            raise UnreadableError("a quote without an end")
        if kind == "word":
            value = value.lower()
        elif kind == "name":
            value = value[1:-1].replace('""', '"')
        found.append(Lexeme(kind, value, match.end()))
    return found


def spaced(text: str) -> str:
    """Set a blank after each parameter: sqlglot takes `$1,$2` for a string that begins with the tag `$1,$`."""
    return _LEXEME.sub(lambda match: f"{match[0]} " if match.lastgroup == "parameter" else match[0], text)


def calls(pieces: list[Lexeme]) -> list[tuple[str, str]]:
    """Return (schema or empty, name) of whatever stands before a parenthesis: functions, keywords, lists of columns."""
    found = []
    for place, piece in enumerate(pieces[:-1]):
        if piece.kind in {"word", "name"} and pieces[place + 1].value == "(" and pieces[place + 1].kind == "other":
            qualified = place >= 2 and pieces[place - 1].value == "."  # noqa: PLR2004 -- schema, dot, name
            found.append((pieces[place - 2].value if qualified else "", piece.value))
    return found
