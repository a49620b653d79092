"""What an expression of a parsed statement is worth: a constant, a parameter, NULL, or nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.touch import NULL, UNKNOWN, Kind, Value, constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

_CASTS = {
    "integer": {"INT", "BIGINT", "SMALLINT"},
    "uuid": {"UUID", "TEXT", "VARCHAR"},
    "text": {"TEXT", "VARCHAR"},
    "varchar": {"TEXT", "VARCHAR"},
    "boolean": {"BOOLEAN"},
    "enum": {"USERDEFINED", "USER-DEFINED", "TEXT", "VARCHAR"},
}
"""By the column's type: the casts after which a text means the same as before."""


def value_of(expression: exp.Expr | None, kind: str) -> Value:  # noqa: PLR0911 -- one return a form of expression
    """Return what a column of this type would be compared with, or set to."""
    from sqlglot import exp  # noqa: PLC0415 -- takes 170 ms to import, and is only needed where something is explored

    match expression:
        case exp.Paren():
            return value_of(expression.this, kind)
        case exp.Cast():
            to = expression.to
            name = getattr(to.this, "value", "")
            if to.expressions or name not in _CASTS.get(kind, ()):
                return UNKNOWN
            return value_of(expression.this, kind)
        case exp.Parameter() if kind in _CASTS:
            number = expression.this
            return Value(Kind.PARAMETER, number=int(number.this) - 1, type=kind)
        case exp.Null():
            return NULL
        case exp.Boolean() if kind == "boolean":
            return constant(str(expression.this).lower(), kind)
        case exp.Neg(this=exp.Literal(is_string=False)) if kind == "integer":
            return constant(f"-{expression.this.this}", kind)
        case exp.Literal() if expression.is_string or kind == "integer":
            return constant(expression.this, kind)
        case _:
            return UNKNOWN


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """Give the conditions all of which must hold."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    match condition:
        case None:
            return
        case exp.And():
            yield from conjuncts(condition.left)
            yield from conjuncts(condition.right)
        case exp.Paren():
            yield from conjuncts(condition.this)
        case _:
            yield condition


def name_of(identifier: exp.Expr | None) -> str:
    """Return an identifier as the catalogue writes it: in lower case unless it was quoted."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    if not isinstance(identifier, exp.Identifier):
        return identifier.name.lower() if identifier is not None else ""
    return str(identifier.this) if identifier.args.get("quoted") else str(identifier.this).lower()
