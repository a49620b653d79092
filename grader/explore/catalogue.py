"""What a database says of itself, as far as it decides which statements can meet: tables, keys, triggers, functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grader.explore.catalogue_query import QUERY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_TYPES = {
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "uuid": "uuid",
    "text": "text",
    "varchar": "varchar",
    "bool": "boolean",
}
_TRIGGER_BEFORE, _TRIGGER_INSERT, _TRIGGER_DELETE, _TRIGGER_UPDATE, _TRIGGER_TRUNCATE = 2, 4, 8, 16, 32
"""Bits of pg_trigger.tgtype (src/include/catalog/pg_trigger.h)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a relation."""

    name: str
    type: str = "other"
    """`integer`, `uuid`, `text`, `varchar`, `boolean`, `enum`: types whose values are compared as texts; or `other`."""
    default: str | None = None
    """The expression that stands in for a value that is not given."""
    identity: bool = False
    generated: bool = False
    """Computed from the other columns."""


@dataclass(frozen=True, slots=True)
class Key:
    """A unique key, or an exclusion constraint: rows that meet in it cannot both be."""

    name: str
    columns: tuple[str, ...]
    """Columns that are compared for equality; two rows that differ in one of them do not meet."""
    whole: bool = True
    """These columns are all there is to it: no expression, no operator but equality."""
    nulls_meet: bool = False
    """NULLS NOT DISTINCT."""
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from a child's columns to a parent's."""

    child: str
    parent: str
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]
    on_delete: str = "a"
    """As in pg_constraint: a no action, r restrict, c cascade, n set null, d set default."""
    on_update: str = "a"
    delete_sets: tuple[str, ...] = ()
    """The columns that ON DELETE SET NULL or SET DEFAULT sets."""
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that someone made; those that carry out foreign keys are none."""

    calls: str
    """Its definition, in which the functions of its condition and its action are called."""
    events: frozenset[str]
    """Of `insert`, `update`, `delete`, `truncate`."""
    before: bool = False
    """It may change the row that is about to be written."""
    columns: frozenset[str] = frozenset()
    """Those of UPDATE OF; empty where any change fires it."""
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or sequence."""

    name: str
    """With its schema: `public.books`."""
    kind: str = "r"
    """As in pg_class.relkind: r table, v view, m materialized view, S sequence, …"""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """In the order of the table."""
    keys: tuple[Key, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    """Foreign keys of its own."""
    referenced: tuple[ForeignKey, ...] = ()
    """Foreign keys that point to it."""
    triggers: tuple[Trigger, ...] = ()
    checks: tuple[str, ...] = ()
    """Functions of the submission that its CHECK constraints call."""
    strange: bool = False
    """It has rules, partitions, children, or row security that binds its owner: nobody follows that here."""
    definition: str = ""
    """A view's query."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function, of several that may share a name."""

    language: str
    volatility: str
    """As in pg_proc.provolatile: i immutable, s stable, v volatile."""
    extension: bool
    """It came with an extension."""
    source: str


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A database's tables, views and functions, and the settings that a new connection begins with."""

    relations: Mapping[str, Relation] = field(default_factory=dict)
    """By name with schema."""
    functions: Mapping[str, tuple[Function, ...]] = field(default_factory=dict)
    """Those outside pg_catalog, by name without schema."""
    search_path: tuple[str, ...] = ("public",)
    isolation: str = "read committed"

    def find(self, name: str, schema: str = "") -> Relation | None:
        """Return the relation that a statement means by a name; None where there is none."""
        schemas = (schema,) if schema else self.search_path
        return next((found for place in schemas if (found := self.relations.get(f"{place}.{name}"))), None)

    @cached_property
    def by_short_name(self) -> Mapping[str, tuple[Relation, ...]]:
        """All relations by name without schema."""
        names: dict[str, tuple[Relation, ...]] = {}
        for relation in self.relations.values():
            short = relation.name.partition(".")[2]
            names[short] = (*names.get(short, ()), relation)
        return names


async def read_catalogue(fetch: Callable[[str], Awaitable[list[tuple[Any, ...]]]]) -> Catalogue:
    """Read the catalogue of the database that `fetch` asks, as the submission's role, in one statement."""
    rows = await fetch(QUERY)
    return _built(json.loads(rows[0][0]))


def _built(found: dict[str, Any]) -> Catalogue:
    names: dict[int, str] = {row["oid"]: f"{row['schema']}.{row['name']}" for row in found["relations"]}
    references = [_foreign_key(row, names) for row in found["foreign_keys"]]
    relations: dict[str, Relation] = {}
    for row in found["relations"]:
        name = names[row["oid"]]
        relations[name] = Relation(
            name,
            row["kind"],
            {column["name"]: _column(column) for column in row["columns"] or ()},
            tuple(_key(key) for key in found["keys"] if key["relation"] == row["oid"]),
            tuple(key for key in references if key.child == name),
            tuple(key for key in references if key.parent == name),
            tuple(_trigger(trigger) for trigger in found["triggers"] if trigger["relation"] == row["oid"]),
            tuple(check["function"] for check in found["checks"] if check["relation"] == row["oid"]),
            row["strange"],
            row["definition"] or "",
        )
    functions: dict[str, tuple[Function, ...]] = {}
    for row in found["functions"]:
        function = Function(row["language"], row["volatility"], row["extension"], row["source"] or "")
        functions[row["name"]] = (*functions.get(row["name"], ()), function)
    settings = found["settings"]
    path = (part.strip().strip('"') for part in settings["search_path"].split(","))
    return Catalogue(
        relations,
        functions,
        tuple(settings["role"] if part == "$user" else part for part in path if part),
        settings["default_transaction_isolation"],
    )


def _column(row: dict[str, Any]) -> Column:
    kind = "enum" if row["kind"] == "e" else _TYPES.get(row["type"], "other")
    return Column(
        row["name"],
        kind if row["comparable"] else "other",
        None if row["generated"] else row["default"],
        bool(row["identity"]),
        bool(row["generated"]),
    )


def _key(row: dict[str, Any]) -> Key:
    columns = [column for column, equal in zip(row["columns"], row["equal"], strict=True) if column and equal]
    return Key(
        row["name"], tuple(columns), len(columns) == len(row["columns"]), bool(row["nulls_meet"]), row["deferrable"]
    )


def _foreign_key(row: dict[str, Any], names: dict[int, str]) -> ForeignKey:
    return ForeignKey(
        names[row["child"]],
        names[row["parent"]],
        tuple(row["columns"]),
        tuple(row["parent_columns"]),
        row["on_delete"],
        row["on_update"],
        tuple(row["delete_sets"] or row["columns"]),
        row["deferrable"],
    )


def _trigger(row: dict[str, Any]) -> Trigger:
    bits = {
        "insert": _TRIGGER_INSERT,
        "update": _TRIGGER_UPDATE,
        "delete": _TRIGGER_DELETE,
        "truncate": _TRIGGER_TRUNCATE,
    }
    return Trigger(
        row["definition"],
        frozenset(event for event, bit in bits.items() if row["type"] & bit),
        bool(row["type"] & _TRIGGER_BEFORE),
        frozenset(row["columns"] or ()),
        row["deferrable"],
    )
