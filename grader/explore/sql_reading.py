"""From a statement's text to what it touches; whatever is not understood wholly makes it opaque."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from grader.explore.advisory import advisory_touch
from grader.explore.effects import NEXT, NOTIFY, SET, Effects
from grader.explore.known_functions import CATALOGS, SYNTAX
from grader.explore.lock_table import lock_table
from grader.explore.settings import UNSETTLING
from grader.explore.sql_rows import columns_where, inserted_rows, sources_of
from grader.explore.sql_text import UnreadableError, calls, lexemes, spaced
from grader.explore.sql_values import name_of, value_of
from grader.explore.touch import UNKNOWN, Touch, Value
from grader.explore.values import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

    from grader.explore.catalogue import Catalogue, Relation
    from grader.explore.sql_text import Lexeme


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says that a statement touches."""

    touches: tuple[Touch, ...] = ()
    unread: str = ""
    """Why it is opaque; empty where it was understood."""
    idle_keeps: tuple[str, ...] | None = None
    """Where it did nothing to any row, it holds only the things whose names begin so; None: all that it might touch."""
    checks: bool = False
    """It is SET CONSTRAINTS, which may run the checks that were put off."""
    unsettles: bool = False
    """It calls set_config for a setting on which the meaning of later statements rests."""


def read_statement(text: str, catalogue: Catalogue) -> Reading:
    """Read one statement."""
    try:
        pieces = [piece for piece in lexemes(text) if piece.value != ";"]
        words = [piece.value for piece in pieces[:2]]
        if words[:1] == ["lock"]:
            return Reading(tuple(lock_table(pieces, catalogue)))
        if words == ["set", "constraints"]:
            return Reading(checks=True)
        return _Reader(text, pieces, catalogue).read()
    except UnreadableError as error:
        return Reading(unread=str(error))
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        return Reading(unread=f"{type(error).__name__}: {error}")


@cache
def _parser() -> Any:  # noqa: ANN401 -- sqlglot's module
    """Import sqlglot, which takes 170 ms and is only needed where something is explored."""
    import sqlglot  # noqa: PLC0415 -- as said

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it warns of what it cannot parse; here that is told
    return sqlglot


class _Reader:
    def __init__(self, text: str, pieces: list[Lexeme], catalogue: Catalogue) -> None:
        parser = _parser()
        self._exp = parser.exp
        self._catalogue = catalogue
        self._pieces = pieces
        try:
            trees = [tree for tree in parser.parse(spaced(text), dialect="postgres") if tree is not None]
        except parser.errors.SqlglotError as error:
            raise UnreadableError(str(error).splitlines()[0]) from None
        if len(trees) != 1:
            raise UnreadableError("it is not one statement")
        self._tree: exp.Expr = trees[0]
        self._effects = Effects(catalogue)
        self._ctes = {name_of(cte.args["alias"].this) for cte in self._tree.find_all(self._exp.CTE)}
        self._targets: list[exp.Expr] = []
        self._unsettles = False

    def read(self) -> Reading:
        exp = self._exp
        if isinstance(self._tree, exp.TruncateTable):
            self._truncate()
            return Reading(tuple(self._effects.touches))
        if not isinstance(self._tree, exp.Query | exp.Values | exp.Insert | exp.Update | exp.Delete | exp.Merge):
            raise UnreadableError(f"{type(self._tree).__name__} is not followed")
        if self._tree.find(exp.Command, exp.Into, exp.Create) is not None:
            raise UnreadableError("part of it is not followed")
        self._compare_parameters()
        for node in list(self._tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)):
            if not isinstance(node.parent, exp.When):
                self._change(node)
        tables = [node for node in self._tree.find_all(exp.Table) if not any(node is t for t in self._targets)]
        for node in tables:
            if not isinstance(node.parent, exp.Lock):
                self._look(node, None)
        for select in self._tree.find_all(exp.Select):
            for lock in select.args.get("locks") or ():
                self._lock(select, lock)
        self._call()
        self._compare_names()
        return Reading(tuple(self._effects.touches), idle_keeps=self._idle_keeps(), unsettles=self._unsettles)

    # statements

    def _change(self, node: exp.Expr) -> None:
        exp = self._exp
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        if not isinstance(target, exp.Table):
            raise UnreadableError("what it changes is no table")
        self._targets.append(target)
        table = self._relation(target)
        if table is None or table.kind != "r":
            raise UnreadableError(f"{name_of(target.this)} is no plain table")
        match node:
            case exp.Insert():
                self._insert(node, table)
            case exp.Update():
                self._effects.update(table, columns_where(target, table), self._assigned(node.expressions, table))
            case exp.Delete():
                self._effects.delete(table, columns_where(target, table))
            case _:
                self._effects.anything(table)

    def _insert(self, node: exp.Expr, table: Relation) -> None:
        self._effects.insert(table, inserted_rows(node, table))
        conflict = node.args.get("conflict")
        if conflict is None:
            return
        if str(conflict.args["action"].this).upper() != "DO UPDATE":
            return
        assigned = self._assigned(conflict.expressions, table)
        named = [ordered.this for ordered in conflict.args.get("conflict_keys") or ()]
        keys = {name_of(column.this) for column in named if isinstance(column, self._exp.Column)}
        constraint = name_of(conflict.args.get("constraint"))
        keys.update(column for key in table.keys if key.name == constraint for column in key.columns)
        for row in inserted_rows(node, table):
            region = tuple((name, value) for name, value in row.items() if name in keys and value is not UNKNOWN)
            self._effects.update(table, region, assigned)

    def _assigned(self, assignments: Iterable[exp.Expr], table: Relation) -> dict[str, Value]:
        """Return the columns that SET sets, with what they are set to where that is known."""
        exp = self._exp
        assigned: dict[str, Value] = {}
        for assignment in assignments:
            if not isinstance(assignment, exp.EQ):
                raise UnreadableError("an assignment is not understood")
            left = assignment.this
            columns = left.expressions if isinstance(left, exp.Tuple | exp.Paren) and left.expressions else [left]
            for column in columns:
                place = column.find(exp.Column) if not isinstance(column, exp.Column) else column
                name = name_of(place.this) if place is not None else ""
                if name not in table.columns:
                    raise UnreadableError(f"it sets {name}, which is no column of {table.name}")
                whole = column is left and isinstance(column, exp.Column)
                assigned[name] = value_of(assignment.expression, table.columns[name].type) if whole else UNKNOWN
        return assigned

    def _truncate(self) -> None:
        if self._tree.args.get("identity"):
            raise UnreadableError("TRUNCATE … RESTART IDENTITY")
        for node in self._tree.expressions:
            table = self._relation(node)
            if table is None:
                raise UnreadableError(f"there is no table {name_of(node.this)}")
            self._effects.truncate(table, cascade=self._tree.args.get("option") == "CASCADE")

    # tables

    def _relation(self, node: exp.Expr) -> Relation | None:
        """Return the relation that a table of the statement is; None where it is a CTE, a function or describes."""
        exp = self._exp
        if not isinstance(node.this, exp.Identifier):
            return None  # a function's rows; functions are looked at by their names
        if node.args.get("catalog") is not None:
            raise UnreadableError("a name with a database")
        name, schema = name_of(node.this), name_of(node.args.get("db"))
        found = self._catalogue.find(name, schema)
        if schema in {"", "pg_catalog"} and name.startswith("pg_") and found is None:
            if name not in CATALOGS:
                raise UnreadableError(f"{name} shows what others do")
            return None
        if found is None and schema != "information_schema" and (schema or name not in self._ctes):
            raise UnreadableError(f"there is no table {name}")
        return found

    def _look(self, node: exp.Expr, mode: Mode | None) -> None:
        """Read a table, or lock what is read of it."""
        relation = self._relation(node)
        if relation is None:
            return
        match relation.kind:
            case "S":
                self._effects.add(SET)
            case "v":
                self._look_through(relation, mode)
            case _ if mode is None:
                self._effects.read(relation, columns_where(node, relation))
            case _:
                self._effects.lock(relation, mode, columns_where(node, relation))

    def _look_through(self, view: Relation, mode: Mode | None) -> None:
        if view.strange:
            raise UnreadableError(f"{view.name} has rules")
        reading = read_statement(view.definition, self._catalogue)
        if reading.unread:
            raise UnreadableError(f"the view {view.name}: {reading.unread}")
        for touch in reading.touches:
            self._effects.add(touch)
            kind, _, name = touch.thing.partition(" ")
            if mode is not None and kind == "table":
                self._effects.lock(self._catalogue.relations[name], mode)

    def _lock(self, select: exp.Expr, lock: exp.Expr) -> None:
        """FOR UPDATE and its like: of the tables named, or of all that the FROM clause reads, subqueries included."""
        strong, key = bool(lock.args.get("update")), bool(lock.args.get("key"))
        mode = {
            (True, False): Mode.REMOVE,
            (True, True): Mode.CHANGE,
            (False, False): Mode.SHARE,
            (False, True): Mode.KEY_SHARE,
        }[strong, key]
        named = {name_of(table.this) for table in lock.expressions}
        for source in sources_of(select):
            whole = not named or not isinstance(source, self._exp.Table) or name_of(_alias(source)) in named
            for node in source.find_all(self._exp.Table) if whole else ():
                self._look(node, mode)

    # functions

    def _call(self) -> None:
        exp = self._exp
        named = {
            name_of(identifier)
            for identifier in self._tree.find_all(exp.Identifier)
            if isinstance(identifier.parent, exp.Table | exp.TableAlias | exp.Schema | exp.CTE)
        }
        named.difference_update(node.name.lower() for node in self._tree.find_all(exp.Anonymous))
        special = {"nextval": NEXT, "setval": SET, "pg_notify": NOTIFY}
        locks = 0
        for schema, name in calls(self._pieces):
            if name in self._catalogue.functions and schema != "pg_catalog":
                self._effects.call(name, schema)
            elif name in special:
                self._effects.add(special[name])
            elif name.startswith(("pg_advisory_", "pg_try_advisory_")):
                locks += 1
            elif name == "set_config":
                self._unsettles = self._unsettles or self._is_unsettling()
            elif name not in SYNTAX and name not in named:
                self._effects.call(name, schema)
        for node in self._tree.find_all(exp.Anonymous):
            if node.name.lower().startswith(("pg_advisory_", "pg_try_advisory_")):
                locks -= 1
                self._effects.add(advisory_touch(node))
        if locks:
            raise UnreadableError("an advisory lock is not understood")

    def _is_unsettling(self) -> bool:
        """Whether set_config sets, or may set, something that the relation rests on."""
        for node in self._tree.find_all(self._exp.Anonymous):
            if node.name.lower() == "set_config":
                setting = node.expressions[0]
                if not isinstance(setting, self._exp.Literal) or setting.name.lower() in UNSETTLING:
                    return True
        return False

    # what the parser may have missed

    def _compare_parameters(self) -> None:
        written = {piece.value for piece in self._pieces if piece.kind == "parameter"}
        parsed = {f"${node.this.this}" for node in self._tree.find_all(self._exp.Parameter)}
        if written != parsed:
            raise UnreadableError("the parser lost a parameter")

    def _compare_names(self) -> None:
        """Read every table whose name stands in the text, and is neither a table nor a column to the parser."""
        exp = self._exp
        seen = {
            name_of(identifier)
            for identifier in self._tree.find_all(exp.Identifier)
            if isinstance(identifier.parent, exp.Table | exp.Column | exp.Schema | exp.TableAlias)
        }
        for piece in self._pieces:
            if piece.kind in {"word", "name"} and piece.value not in seen:
                for relation in self._catalogue.by_short_name.get(piece.value, ()):
                    if relation.kind in {"r", "m"}:
                        self._effects.read(relation)

    def _idle_keeps(self) -> tuple[str, ...] | None:
        """Return what a change that met no row may hold: it may have waited for, and locked, what it left alone."""
        exp, tree = self._exp, self._tree
        if len(self._targets) != 1 or self._effects.calls_code or tree.find(exp.Lock) is not None:
            return None
        table = self._relation(self._targets[0])
        if table is None or table.triggers:
            return None
        if isinstance(tree, exp.Update | exp.Delete):
            return f"rows {table.name}", "advisory"
        conflict = tree.args.get("conflict") if isinstance(tree, exp.Insert) else None
        if conflict is not None and str(conflict.args["action"].this).upper() == "DO NOTHING":
            return ("advisory",)
        return None


def _alias(node: exp.Expr) -> Any:  # noqa: ANN401 -- an identifier of sqlglot, whose arguments have no types
    alias = node.args.get("alias")
    return alias.this if alias is not None else node.this
