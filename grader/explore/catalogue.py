"""What a database says about itself, as far as it decides which statements can meet: tables, keys, triggers, functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

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
    """`integer`, `uuid`, `text`, `varchar`, `boolean` or `enum`: types whose values can be compared as texts; or `other`."""
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
    rows = await fetch(_QUERY)
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


_QUERY = """
WITH
seen AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relhasrules, c.relforcerowsecurity
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
),
relations AS (
    SELECT s.oid::bigint, s.nspname AS schema, s.relname AS name, s.relkind AS kind,
        s.relkind IN ('p', 'f') OR s.relforcerowsecurity OR (s.relhasrules AND s.relkind <> 'v')
            OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE s.oid IN (i.inhrelid, i.inhparent)) AS strange,
        CASE WHEN s.relkind = 'v' THEN pg_catalog.pg_get_viewdef(s.oid) END AS definition,
        (SELECT json_agg(json_build_object(
                'name', a.attname, 'type', t.typname, 'kind', t.typtype, 'comparable', coalesce(l.collisdeterministic, true),
                'identity', a.attidentity, 'generated', a.attgenerated,
                'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM seen s
),
keys AS (
    SELECT i.indrelid::bigint AS relation, k.relname AS name, coalesce(c.condeferrable, false) AS deferrable,
        (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean AS nulls_meet,
        (SELECT json_agg(a.attname ORDER BY p.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY p (number, place)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.number AND a.attnum > 0
            WHERE p.place <= i.indnkeyatts) AS columns,
        (SELECT json_agg(coalesce(o.oprname = '=', NOT i.indisexclusion) ORDER BY p.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY p (number, place)
            LEFT JOIN pg_catalog.pg_operator o ON o.oid = c.conexclop[p.place]
            WHERE p.place <= i.indnkeyatts) AS equal
    FROM pg_catalog.pg_index i
    JOIN seen s ON s.oid = i.indrelid
    JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
    WHERE i.indisunique OR i.indisexclusion
),
foreign_keys AS (
    SELECT c.conrelid::bigint AS child, c.confrelid::bigint AS parent, c.confdeltype AS on_delete,
        c.confupdtype AS on_update, c.condeferrable AS deferrable,
        (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(c.conkey) WITH ORDINALITY p (number, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.number) AS columns,
        (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(c.confkey) WITH ORDINALITY p (number, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = p.number) AS parent_columns,
        (SELECT json_agg(a.attname) FROM unnest(c.confdelsetcols) p (number)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.number) AS delete_sets
    FROM pg_catalog.pg_constraint c
    JOIN seen child ON child.oid = c.conrelid JOIN seen parent ON parent.oid = c.confrelid
    WHERE c.contype = 'f'
),
triggers AS (
    SELECT t.tgrelid::bigint AS relation, pg_catalog.pg_get_triggerdef(t.oid) AS definition, t.tgtype::int AS type,
        t.tgdeferrable AS deferrable,
        (SELECT json_agg(a.attname) FROM unnest(t.tgattr::int2[]) p (number)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = p.number) AS columns
    FROM pg_catalog.pg_trigger t JOIN seen s ON s.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
),
checks AS (
    SELECT DISTINCT c.conrelid::bigint AS relation, p.proname AS function
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_constraint c ON c.oid = d.objid AND c.contype = 'c'
    JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_proc'::regclass
),
functions AS (
    SELECT p.proname AS name, l.lanname AS language, p.provolatile AS volatility,
        EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
            AND d.objid = p.oid AND d.deptype = 'e') AS extension,
        CASE WHEN l.lanname = 'sql' THEN coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)
            WHEN l.lanname NOT IN ('c', 'internal') THEN p.prosrc END AS source
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
),
given AS (
    SELECT DISTINCT ON (split_part(c.setting, '=', 1))
        split_part(c.setting, '=', 1) AS name, substr(c.setting, strpos(c.setting, '=') + 1) AS value
    FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c (setting)
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
      AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
    ORDER BY split_part(c.setting, '=', 1), (s.setrole <> 0) DESC, (s.setdatabase <> 0) DESC
),
settings AS (
    SELECT json_object_agg(s.name, coalesce(g.value, s.reset_val))::jsonb || jsonb_build_object('role', session_user)
    FROM pg_catalog.pg_settings s LEFT JOIN given g USING (name)
    WHERE s.name IN ('search_path', 'default_transaction_isolation')
)
SELECT json_build_object(
    'relations', (SELECT coalesce(json_agg(r), '[]') FROM relations r),
    'keys', (SELECT coalesce(json_agg(k), '[]') FROM keys k),
    'foreign_keys', (SELECT coalesce(json_agg(f), '[]') FROM foreign_keys f),
    'triggers', (SELECT coalesce(json_agg(t), '[]') FROM triggers t),
    'checks', (SELECT coalesce(json_agg(c), '[]') FROM checks c),
    'functions', (SELECT coalesce(json_agg(f), '[]') FROM functions f),
    'settings', (SELECT * FROM settings)
)::text
"""
