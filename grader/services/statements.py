"""Where each statement of an SQL text begins, by the lexical rules of PostgreSQL (manual, chapter 4.1)."""

from __future__ import annotations

import re

# What may contain a semicolon that ends nothing. Alternatives are tried in this order.
_TOKEN = re.compile(
    r"""
    (?P<space> \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<escape> \b[eE]'(?: [^'\\] | \\. | '' )*'? )
    | (?P<string> '(?: [^'] | '' )*'? )
    | (?P<name> "(?: [^"] | "" )*"? )
    | (?P<dollar> \$(?P<tag>(?:[^\W\d]\w*)?)\$ .*? (?: \$(?P=tag)\$ | \Z) )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<sign> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def statement_starts(text: str) -> list[int]:
    """List the offset of each statement's first token; comments and empty statements have none."""
    starts: list[int] = []
    at, open_statement, parentheses, bodies, creating = 0, False, 0, 0, False
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        kind, word = token.lastgroup, token.group().lower()
        if kind == "comment":
            at = _comment_end(text, at)
            continue
        at = token.end()
        if kind == "space":
            continue
        if word == ";" and not parentheses and not bodies:
            open_statement = False
            continue
        if not open_statement:
            open_statement, parentheses, bodies, creating = True, 0, 0, word == "create"
            starts.append(token.start())
        parentheses = max(0, parentheses + (word == "(") - (word == ")"))
        # A function's body between BEGIN ATOMIC and END holds semicolons; so may the CASE … END within.
        if creating and kind == "word":
            bodies = max(0, bodies + (word == "begin" or (word == "case" and bodies > 0)) - (word == "end"))
    return starts


def _comment_end(text: str, at: int) -> int:
    """Find the end of a comment, which may hold comments."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(text)
