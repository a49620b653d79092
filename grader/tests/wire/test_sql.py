"""What a statement is can be told from its text."""

from __future__ import annotations

import pytest

from grader.wire import Category
from grader.wire.postgres import sql


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("BEGIN;", Category.BEGIN),
        ("begin ISOLATION LEVEL SERIALIZABLE", Category.BEGIN),
        ("START TRANSACTION", Category.BEGIN),
        ("-- hello\n /* a /* nested */ one */ COMMIT", Category.COMMIT),
        ("END", Category.COMMIT),
        ("ROLLBACK", Category.ROLLBACK),
        ("ROLLBACK TO SAVEPOINT a", Category.ROLLBACK),
        ("ABORT", Category.ROLLBACK),
        ("SAVEPOINT a", Category.SAVEPOINT),
        ("RELEASE a", Category.SAVEPOINT),
        ("SET search_path TO x", Category.SESSION),
        ("SET CONSTRAINTS ALL IMMEDIATE", Category.STATEMENT),
        ("show transaction isolation level", Category.SESSION),
        ("RESET ALL", Category.SESSION),
        ("DISCARD ALL", Category.SESSION),
        ("DEALLOCATE ALL", Category.SESSION),
        ("", Category.EMPTY),
        (" ; -- nothing", Category.EMPTY),
        ("select pg_catalog.version()", Category.PROBE),
        ("COPY book FROM STDIN", Category.COPY),
        ("LISTEN news", Category.LISTEN),
        ("SELECT 1", Category.STATEMENT),
        ("(SELECT 1)", Category.STATEMENT),
        ("FETCH 10 FROM c", Category.STATEMENT),
        ("select pg_catalog.version(), * from book", Category.STATEMENT),
        ("SELECT pg_advisory_unlock_all()", Category.STATEMENT),
        ("WITH RECURSIVE typeinfo_tree( x) AS (SELECT 1) SELECT * FROM book", Category.STATEMENT),
        ("SELECT t.typname AS name, t.oid FROM book t WHERE to_regtype('x') is null", Category.STATEMENT),
    ],
)
def test_category(text: str, category: Category) -> None:
    """The first words of a statement, behind its comments, say what it is."""
    assert sql.read(text).category is category


@pytest.mark.parametrize(
    ("text", "touches"),
    [
        ("SELECT count(*) FROM book WHERE id IN (1, 2)", False),
        ("WITH a AS (SELECT 1) SELECT max(x) FROM a", False),
        ("SELECT 'INSERT INTO x'", False),
        ('SELECT "update" FROM a', False),
        ("SELECT 1 FOR UPDATE", True),
        ("SELECT 1 FOR KEY SHARE", True),
        ("WITH a AS (DELETE FROM b RETURNING *) SELECT * FROM a", True),
        ("SELECT pg_advisory_xact_lock(1)", True),
        ('SELECT "My Function"(1)', True),
        ("INSERT INTO a VALUES (1)", True),
        ("CREATE TABLE a ()", True),
        ("LOCK TABLE a", True),
    ],
)
def test_a_statement_touches_if_it_writes_or_locks_or_may(text: str, *, touches: bool) -> None:
    """A statement touches if it writes or locks or may."""
    assert sql.read(text).touches is touches


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1;"]),
        ("SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]),
        ("SELECT ';'; SELECT $$;$$; SELECT $a$;$$;$a$", ["SELECT ';';", "SELECT $$;$$;", "SELECT $a$;$$;$a$"]),
        ("SELECT E'\\';'; SELECT \";\"", ["SELECT E'\\';';", 'SELECT ";"']),
        ("/* ; /* ; */ */ SELECT 1; -- ;\n;;SELECT 2", ["/* ; /* ; */ */ SELECT 1;", "SELECT 2"]),
        ("SELECT a$b; SELECT 'it''s;'", ["SELECT a$b;", "SELECT 'it''s;'"]),
        ("SELECT 'unfinished; SELECT 2", ["SELECT 'unfinished; SELECT 2"]),
        ("", [""]),
        (";;", [";;"]),
    ],
)
def test_a_query_is_split_where_the_server_splits_it(text: str, parts: list[str]) -> None:
    """A query is split where the server splits it."""
    assert sql.split(text) == parts
