"""What changing a table does besides: its keys, its foreign keys both ways, its triggers, and what those do in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.body import read_body
from grader.explore.known_functions import EXTENSIONS_PURE, FRESH, PURE, SYNTAX
from grader.explore.sql_text import UnreadableError, calls, lexemes
from grader.explore.touch import COUNTED, NULL, UNKNOWN, Columns, Kind, Rule, Touch, Value
from grader.explore.touch import FRESH as FRESH_VALUE
from grader.explore.values import Mode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from grader.explore.catalogue import Catalogue, Column, ForeignKey, Key, Relation, Trigger

_MOST_ROWS = 64
"""Rows of one INSERT that are told apart; more are taken for one of which only the common values are known."""
_KNOWN = {Kind.CONSTANT, Kind.PARAMETER, Kind.NULL}

SEQUENCES = "sequences"
"""The thing that stands for all sequences."""
NEXT = Touch(SEQUENCES, Mode.APPEND)
SET = Touch(SEQUENCES, Mode.EXCLUSIVE)
NOTIFY = Touch("notifications", Mode.EXCLUSIVE, deferrable=True)
"""They are sent by COMMIT, in the order of commits."""


class Effects:
    """Collects what one statement touches, closed over the catalogue; raises UnreadableError where that is unknown."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.touches: dict[Touch, None] = {}
        """In the order in which they were found."""
        self.calls_code = False
        """It runs functions of the submission."""
        self._catalogue = catalogue
        self._seen: set[object] = set()

    def add(self, touch: Touch) -> None:
        """Take up one touch."""
        self.touches[touch] = None

    # reading and locking

    def read(self, table: Relation, columns: Columns = ()) -> None:
        """Read the rows that have these values."""
        self._usable(table)
        self.add(Touch(_table(table.name), Mode.READ, columns))

    def lock(self, table: Relation, mode: Mode, columns: Columns = (), *, deferrable: bool = False) -> None:
        """Lock the rows that have these values."""
        self.read(table, columns)
        self.add(Touch(_rows(table.name), mode, columns, held=True, deferrable=deferrable))

    def lock_whole(self, table: Relation, *, against_reading: bool) -> None:
        """Lock a table as LOCK TABLE does."""
        self._usable(table)
        self.add(Touch(_rows(table.name), Mode.EXCLUSIVE, held=True))
        if against_reading:
            self.add(Touch(_table(table.name), Mode.EXCLUSIVE, held=True))

    def truncate(self, table: Relation, *, cascade: bool) -> None:
        """Empty a table."""
        if self._again("truncate", table.name):
            return
        if any("truncate" in trigger.events for trigger in table.triggers):
            raise UnreadableError("a trigger on TRUNCATE")
        self.lock_whole(table, against_reading=True)
        for reference in table.referenced if cascade else ():
            self.truncate(self._relation(reference.child), cascade=True)

    # writing

    def insert(self, table: Relation, rows: Sequence[Mapping[str, Value]]) -> None:
        """Add rows; columns that a row does not name take their defaults."""
        self._usable(table)
        changed = self._fire(table, "insert", table.columns)
        for given in rows if len(rows) <= _MOST_ROWS else [_common(rows)]:
            row = {
                name: UNKNOWN if name in changed else given[name] if name in given else self._default(column)
                for name, column in table.columns.items()
            }
            region = tuple((name, value) for name, value in row.items() if value.kind in _KNOWN)
            self.add(Touch(_table(table.name), Mode.APPEND, region, held=True))
            self.add(Touch(_rows(table.name), Mode.APPEND, region, held=True))
            for key in table.keys:
                self._enter(table, key, row)
            for reference in table.references:
                self._refer(reference, row)

    def update(self, table: Relation, region: Columns, assigned: Mapping[str, Value]) -> None:
        """Change the rows that have the region's values."""
        if self._again("update", table.name, region, tuple(assigned.items())):
            return
        self._usable(table)
        self.read(table, region)
        computed = {
            *self._fire(table, "update", assigned),
            *(column.name for column in table.columns.values() if column.generated),
        }
        changed = computed.union(assigned)
        kept = tuple((name, value) for name, value in region if name not in changed)
        after = {**dict(kept), **assigned, **dict.fromkeys(computed, UNKNOWN)}
        moved = any(not key.whole or changed.intersection(key.columns) for key in table.keys)
        mode = Mode.REMOVE if moved else Mode.CHANGE
        self.add(Touch(_table(table.name), mode, kept, held=True))
        self.add(Touch(_rows(table.name), mode, kept, held=True))
        for key in table.keys:
            self._leave(table, key, region)
            if not key.whole or changed.intersection(key.columns):
                self._enter(table, key, after)
        for reference in table.references:
            if changed.intersection(reference.columns):
                self._refer(reference, after)
        for reference in table.referenced:
            if changed.intersection(reference.parent_columns):
                new = {
                    own: after.get(parents, UNKNOWN)
                    for own, parents in zip(reference.columns, reference.parent_columns, strict=True)
                }
                self._follow(reference, region, reference.on_update, new)

    def delete(self, table: Relation, region: Columns) -> None:
        """Remove the rows that have the region's values."""
        if self._again("delete", table.name, region):
            return
        self._usable(table)
        self.read(table, region)
        self._fire(table, "delete", ())
        self.add(Touch(_table(table.name), Mode.REMOVE, region, held=True))
        self.add(Touch(_rows(table.name), Mode.REMOVE, region, held=True))
        for key in table.keys:
            self._leave(table, key, region)
        for reference in table.referenced:
            if reference.on_delete == "c":
                self.delete(self._relation(reference.child), _across(reference, region))
            else:
                self._follow(reference, region, reference.on_delete, dict.fromkeys(reference.delete_sets, UNKNOWN))

    def anything(self, table: Relation) -> None:
        """Do whatever can be done to a table's rows."""
        if self._again("anything", table.name):
            return
        if table.kind == "S":
            self.add(SET)
            return
        unknown = dict.fromkeys(table.columns, UNKNOWN)
        self.insert(table, [unknown])
        self.update(table, (), unknown)
        self.delete(table, ())

    # functions

    def call(self, name: str, schema: str = "") -> None:
        """Call a function by its name."""
        functions = () if schema == "pg_catalog" else self._catalogue.functions.get(name, ())
        if not functions:
            if name not in PURE:
                raise UnreadableError(f"the function {name} is not known to be pure")
            return
        for function in functions:
            if function.extension and (function.volatility != "v" or name in EXTENSIONS_PURE):
                continue
            if function.extension or function.language not in {"sql", "plpgsql"}:
                raise UnreadableError(f"the function {name}, written in {function.language}, is not known to be pure")
            if not self._again("call", name, function.source):
                self._run(function.source)

    def _run(self, source: str) -> None:
        self.calls_code = True
        body = read_body(source, self._catalogue)
        for called in body.calls:
            self.call(called)
        for table in body.tables:
            self.anything(table)
        if body.draws:
            self.add(NEXT)

    def _fire(self, table: Relation, event: str, columns: Collection[str]) -> set[str]:
        """Run a table's triggers and what its checks call; return the columns that triggers may set."""
        for name in table.checks:
            self.call(name)
        changed: set[str] = set()
        for trigger in table.triggers:
            if event not in trigger.events:
                continue
            if event == "update" and trigger.columns and not trigger.columns.intersection(columns):
                continue
            if trigger.deferrable:
                raise UnreadableError("a trigger that may wait until COMMIT")
            for schema, name in calls(lexemes(trigger.calls)):
                if name in self._catalogue.functions or name not in SYNTAX:
                    self.call(name, schema)
            if trigger.before:
                changed |= self._changed_by(trigger, table)
        return changed

    def _changed_by(self, trigger: Trigger, table: Relation) -> set[str]:
        changed: set[str] = set()
        for _, name in calls(lexemes(trigger.calls)):
            for function in self._catalogue.functions.get(name, ()):
                columns = read_body(function.source, self._catalogue).sets
                changed |= set(table.columns) if columns is None else columns
        return changed

    # keys

    def _enter(self, table: Relation, key: Key, row: Mapping[str, Value]) -> None:
        rule = Rule.UNIQUE_NULLS if key.nulls_meet else Rule.UNIQUE
        columns = tuple((name, row.get(name, UNKNOWN)) for name in key.columns)
        self.add(Touch(_unique(table, key), Mode.EXCLUSIVE, columns, rule, held=True, deferrable=key.deferrable))

    def _leave(self, table: Relation, key: Key, region: Columns) -> None:
        """A new row that would meet this one waits to see what becomes of it."""
        columns = tuple((name, value) for name, value in region if name in key.columns)
        self.add(Touch(_unique(table, key), Mode.SHARE, columns, held=True))

    def _refer(self, reference: ForeignKey, row: Mapping[str, Value]) -> None:
        """Look for the parent, and keep it from being removed. What else changes in it does not matter."""
        self._usable(self._relation(reference.parent))
        columns = tuple(
            (parents, row.get(own, UNKNOWN))
            for own, parents in zip(reference.columns, reference.parent_columns, strict=True)
        )
        for thing in (_table(reference.parent), _rows(reference.parent)):
            self.add(Touch(thing, Mode.KEY_SHARE, columns, Rule.REFERENCE, held=True, deferrable=reference.deferrable))

    def _follow(self, reference: ForeignKey, region: Columns, action: str, new: Mapping[str, Value]) -> None:
        """Do to the children what a parent's change asks for, its removal with CASCADE apart."""
        child, across = self._relation(reference.child), _across(reference, region)
        match action:
            case "c":
                self.update(child, across, new)
            case "n":
                self.update(child, across, dict.fromkeys(new, NULL))
            case "d":
                self.update(child, across, dict.fromkeys(new, UNKNOWN))
            case _:
                self.lock(child, Mode.KEY_SHARE, across, deferrable=reference.deferrable)
                if reference.deferrable:
                    self.add(Touch(_table(child.name), Mode.READ, across, deferrable=True))

    # small things

    def _default(self, column: Column) -> Value:
        if column.identity:
            self.add(NEXT)
            return COUNTED
        if column.generated:
            return UNKNOWN
        if column.default is None:
            return NULL
        called = [(schema, name) for schema, name in calls(lexemes(column.default)) if name not in SYNTAX]
        if len(called) == 1 and column.default.rstrip().endswith(")") and column.default.startswith(called[0][1]):
            if called[0][1] == "nextval":
                self.add(NEXT)
                return COUNTED
            if called[0][1] in FRESH:
                return FRESH_VALUE
        for schema, name in called:
            if name == "nextval":
                self.add(NEXT)
            else:
                self.call(name, schema)
        return UNKNOWN

    def _relation(self, name: str) -> Relation:
        return self._catalogue.relations[name]

    def _usable(self, table: Relation) -> None:
        if table.strange or table.kind not in {"r", "m"}:
            raise UnreadableError(f"{table.name} is no plain table")

    def _again(self, *what: object) -> bool:
        """Whether this was done before: circles of foreign keys and triggers end here."""
        if what in self._seen:
            return True
        self._seen.add(what)
        return False


def _table(name: str) -> str:
    return f"table {name}"


def _rows(name: str) -> str:
    return f"rows {name}"


def _unique(table: Relation, key: Key) -> str:
    return f"unique {table.name} {key.name}"


def _across(reference: ForeignKey, region: Columns) -> Columns:
    """Return what a parent's values say about the children that refer to it."""
    own = dict(zip(reference.parent_columns, reference.columns, strict=True))
    return tuple((own[name], value) for name, value in region if name in own)


def _common(rows: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    first, *others = rows
    return {
        name: value if all(other.get(name) == value for other in others) else UNKNOWN for name, value in first.items()
    }
