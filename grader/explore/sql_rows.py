"""Which rows of a table a statement can mean: those that it adds, and those that its WHERE leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.sql_text import UnreadableError
from grader.explore.sql_values import conjuncts, name_of, value_of
from grader.explore.touch import UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlglot import exp

    from grader.explore.catalogue import Relation
    from grader.explore.touch import Columns


def sources_of(node: exp.Expr) -> list[exp.Expr]:
    """Return what a SELECT, an UPDATE or a DELETE takes its rows from: tables, subqueries, functions."""
    from sqlglot import exp  # noqa: PLC0415 -- takes 170 ms to import, and is only needed where something is explored

    found: list[exp.Expr] = []
    if isinstance(node, exp.Update | exp.Delete):
        found.append(node.this)
    found.extend(node.args.get("using") or ())
    start = node.args.get("from_")
    if start is not None:
        found.append(start.this)
    joins = list(node.args.get("joins") or ())
    joins.extend(join for source in found for join in source.args.get("joins") or ())
    found.extend(join.this for join in joins)
    found.extend(node.args.get("laterals") or ())
    return found


def columns_where(node: exp.Expr, relation: Relation) -> Columns:
    """Return the columns of a table that WHERE, or the table's own join, compares with a constant or parameter.

    Rows with other values have no part in the statement, whatever else it asks for.
    """
    from sqlglot import exp  # noqa: PLC0415 -- as above

    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        return ()  # its columns have other names here
    owner = node.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert, exp.Merge)
    if not isinstance(owner, exp.Select | exp.Update | exp.Delete):
        return ()
    name = name_of(alias.this if alias is not None else node.this)
    alone = len(sources_of(owner)) == 1
    conditions = [owner.args["where"].this] if owner.args.get("where") is not None else []
    join = node.parent
    if isinstance(join, exp.Join) and join.args.get("on") is not None and join.side in {"", "LEFT"}:
        conditions.append(join.args["on"])
    known: dict[str, Value] = {}
    for condition in conditions:
        for part in conjuncts(condition):
            for column, value in _equal(part, relation, name, alone=alone):
                known.setdefault(column, value)
    return tuple(known.items())


def _equal(part: exp.Expr, relation: Relation, name: str, *, alone: bool) -> Iterator[tuple[str, Value]]:
    from sqlglot import exp  # noqa: PLC0415 -- as above

    pairs: list[tuple[exp.Expr, exp.Expr]] = []
    match part:
        case exp.EQ(this=exp.Tuple(), expression=exp.Tuple()):
            pairs = list(zip(part.left.expressions, part.right.expressions, strict=True))
        case exp.EQ():
            pairs = [(part.left, part.right), (part.right, part.left)]
        case exp.Is(expression=exp.Null()):
            pairs = [(part.this, part.expression)]
        case exp.In() if len(part.expressions) == 1 and not part.args.get("query"):
            pairs = [(part.this, part.expressions[0])]
    for left, right in pairs:
        if not isinstance(left, exp.Column) or left.args.get("db") is not None:
            continue
        qualifier, column = name_of(left.args.get("table")), name_of(left.this)
        if column not in relation.columns or (qualifier != name if qualifier else not alone):
            continue
        value = value_of(right, relation.columns[column].type)
        if value is not UNKNOWN:
            yield column, value


def inserted_rows(node: exp.Expr, table: Relation) -> Sequence[Mapping[str, Value]]:
    """Return the rows that an INSERT adds, with the columns it gives; one stands for many that look alike."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    schema = node.this
    names = [name_of(column) for column in schema.expressions] if isinstance(schema, exp.Schema) else []
    names = names or list(table.columns)
    if unknown := set(names) - set(table.columns):
        raise UnreadableError(f"{table.name} has no column {min(unknown)}")
    source = node.expression
    if node.args.get("default"):
        return [{}]
    if isinstance(source, exp.Values):
        return [_row(names, entry.expressions, table) for entry in source.expressions]
    if isinstance(source, exp.Select) and not any(e.find(exp.Star) for e in source.expressions):
        values = _values_of(source)
        if values is None:
            return [_row(names, source.expressions, table)]
        columns, entries = values
        return [
            _row(names, [_replaced(e, columns, entry.expressions) for e in source.expressions], table)
            for entry in entries
        ]
    return [dict.fromkeys(names, UNKNOWN)]


def _row(names: Sequence[str], expressions: Sequence[exp.Expr], table: Relation) -> dict[str, Value]:
    from sqlglot import exp  # noqa: PLC0415 -- as above

    row: dict[str, Value] = {}
    for name, given in zip(names, expressions, strict=False):
        expression = given.this if isinstance(given, exp.Alias) else given
        is_default = isinstance(expression, exp.Var | exp.Column) and expression.name.upper() == "DEFAULT"
        if not is_default:
            row[name] = value_of(expression, table.columns[name].type)
    return row


def _values_of(select: exp.Expr) -> tuple[list[str], list[exp.Expr]] | None:
    """Return the columns and rows of `SELECT … FROM (VALUES …) AS name (columns)`, as SQLAlchemy sends many rows."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    sources = sources_of(select)
    if len(sources) != 1:
        return None
    values = sources[0].unnest() if isinstance(sources[0], exp.Subquery) else sources[0]
    alias = sources[0].args.get("alias") or values.args.get("alias")
    if not isinstance(values, exp.Values) or alias is None or not alias.args.get("columns"):
        return None
    return [name_of(column) for column in alias.args["columns"]], values.expressions


def _replaced(expression: exp.Expr, columns: list[str], entry: Sequence[exp.Expr]) -> exp.Expr:
    """Put a row's own value where the SELECT names its column, casts kept."""
    from sqlglot import exp  # noqa: PLC0415 -- as above

    if isinstance(expression, exp.Alias):
        return _replaced(expression.this, columns, entry)
    if isinstance(expression, exp.Column) and name_of(expression.this) in columns:
        return entry[columns.index(name_of(expression.this))]
    if isinstance(expression, exp.Cast):
        copy = expression.copy()
        copy.set("this", _replaced(expression.this, columns, entry).copy())
        return copy
    return expression
