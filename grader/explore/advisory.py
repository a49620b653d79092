"""Advisory locks: which one a call takes or lets go of, and until when it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.sql_values import value_of
from grader.explore.touch import UNKNOWN, Touch, Value
from grader.explore.values import Mode

if TYPE_CHECKING:
    from sqlglot import exp

ADVISORY = "advisory"
_HASHES = {"hashtext", "hashtextextended"}


def advisory_touch(call: exp.Expr) -> Touch:
    """Return what a call of pg_advisory_… or pg_try_advisory_… touches.

    Taking, trying and letting go are alike: each depends on what others do to the same lock. Locks of a session outlive
    the transaction; pg_advisory_unlock is then the step that lets go of them.
    """
    name = call.name.lower()
    mode = Mode.SHARE if name.endswith("_shared") else Mode.EXCLUSIVE
    columns: list[tuple[str, Value]] = []
    for place, argument in enumerate(call.expressions, 1):
        kind, value = _key(argument)
        if value is not UNKNOWN:
            columns.append((f"{place} of {len(call.expressions)} {kind}".rstrip(), value))
    return Touch(ADVISORY, mode, tuple(columns), held="_xact_" in name)


def _key(argument: exp.Expr) -> tuple[str, Value]:
    """Return how a key is made, and of what.

    Keys that are made in different ways may be equal. Different texts are taken to have different hashes: one pair in
    four thousand million has not.
    """
    from sqlglot import exp  # noqa: PLC0415 -- takes 170 ms to import, and is only needed where something is explored

    number = value_of(argument, "integer")
    if number is not UNKNOWN:
        return "", number
    if isinstance(argument, exp.Paren | exp.Cast) and not isinstance(argument.this, exp.Parameter | exp.Literal):
        return _key(argument.this)
    if not isinstance(argument, exp.Anonymous) or argument.name.lower() not in _HASHES or not argument.expressions:
        return "", UNKNOWN
    seed = [str(e.sql()) for e in argument.expressions[1:]]
    around, value = _text(argument.expressions[0])
    return "".join([argument.name.lower(), *seed, *around]), value


def _text(expression: exp.Expr) -> tuple[list[str], Value]:
    """Return the literal parts of a text, and the one value in it that differs from call to call."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    match expression:
        case exp.Paren():
            return _text(expression.this)
        case exp.Cast() if getattr(expression.to.this, "value", "") == "UUID":
            return [], value_of(expression.this, "uuid")
        case exp.Cast() if getattr(expression.to.this, "value", "") in {"TEXT", "VARCHAR"}:
            return _text(expression.this) if not expression.to.expressions else ([], UNKNOWN)
        case exp.DPipe() | exp.Concat():
            sides = (
                [expression.this, expression.expression]
                if isinstance(expression, exp.DPipe)
                else expression.expressions
            )
            around: list[str] = []
            found: list[Value] = []
            for side in sides:
                if isinstance(side, exp.Literal):
                    around.append(side.name)
                else:
                    more, value = _text(side)
                    around.extend(["…", *more])
                    found.append(value)
            return (around, found[0]) if len(found) == 1 else ([], UNKNOWN)
        case _:
            return [], value_of(expression, "text")
