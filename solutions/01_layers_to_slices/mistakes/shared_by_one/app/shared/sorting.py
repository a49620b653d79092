"""How lists are sorted."""

from sqlalchemy import ColumnElement, Table


def newest_first(table: Table, moment: str) -> tuple[ColumnElement[object], ...]:
    """Return what to sort a table's rows by, so that the newest come first and no two are equal."""
    return (table.c[moment].desc(), table.c.id.desc())
