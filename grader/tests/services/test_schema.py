"""A schema that Postgres refuses: the learner sees the line, the statement and Postgres's words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.services import SchemaError, Settings, open_pair
from grader.tests.services.conftest import names

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services import Pair

GOOD = "CREATE TABLE a (id int);\n"


@pytest.mark.parametrize(
    ("schema", "line", "sqlstate"),
    [
        ("CREATE TABEL a (id int)", 1, "42601"),
        (GOOD + "\n-- the second\nCREATE TABLE b (\n    id int,\n    name txt\n);\n" + GOOD, 6, "42704"),
        (GOOD + "CREATE TABLE b (id int);\nCREATE TABLE c (id int\n;\n", 4, "42601"),
        (GOOD + "CREATE TABLE c (id int\n\n\n", 2, "42601"),
        (GOOD + "\n" + GOOD, 3, "42P07"),
        (
            "SELECT ';';;; -- ; no end\n/* ; /* ; */ ; */ SELECT $$;\n;$$, E'\\';', \"a;\" "
            'FROM (SELECT 1 AS "a;") s;\n' + GOOD * 2,
            5,
            "42P07",
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT CASE WHEN true THEN 1 END;\nEND;\n\nSELECT 1/0;",
            5,
            "22012",
        ),
        ("CREATE TABLE t (a$b$c int); SELECT 'é' AS ü;\n" + GOOD + GOOD, 3, "42P07"),
        ("DO $$\nBEGIN\n  PERFORM 1/0;\nEND $$;", 1, "22012"),
        (GOOD + "CREATE INDEX CONCURRENTLY i ON a (id);", 2, "25001"),
        (GOOD + "COPY a FROM stdin;\n1\n\\.\n", 3, "42601"),
        (GOOD + "COPY a FROM stdin;\n", 2, None),
        (GOOD + "SELECT '\0';", 2, "22021"),
        (GOOD + "SELECT '\ud800';", 2, "22021"),
    ],
)
async def test_line(pair: Pair, schema: str, line: int, sqlstate: str) -> None:
    """The error names the line in the file, also where Postgres itself names no position."""
    with pytest.raises(SchemaError) as refused:
        await pair.database(schema)
    assert (refused.value.line, refused.value.sqlstate) == (line, sqlstate)
    assert await names(pair, "db") == set()


async def test_words(pair: Pair) -> None:
    """The error holds Postgres's message and hint, and the statement alone."""
    with pytest.raises(SchemaError) as refused:
        await pair.database(GOOD + "-- rename\nALTER TABLE a RENAME COLUMN ix TO name;\n" + GOOD)
    assert str(refused.value) == 'line 3: column "ix" does not exist'
    assert refused.value.statement == "ALTER TABLE a RENAME COLUMN ix TO name;"
    with pytest.raises(SchemaError) as refused:
        await pair.database(f"{GOOD}ALTER TABLE a ADD CHECK (idd > 0)")
    assert refused.value.hint == 'Perhaps you meant to reference the column "a.id".'


@pytest.mark.parametrize(
    "endless",
    ["SELECT pg_sleep(1000);", "SET statement_timeout = 0;\nDO $$ BEGIN LOOP END LOOP; END $$;"],
)
async def test_endless(home: Path, endless: str) -> None:
    """A statement that does not end is stopped, whatever timeout the schema sets, and its line named."""
    settings = replace(Settings("embedded", home=home), schema_seconds=0.3)
    pair = await open_pair(settings, redis=False, tell=print)
    try:
        with pytest.raises(SchemaError, match=r"stopped after 0\.3 seconds") as refused:
            await pair.database(GOOD + endless)
        assert refused.value.line == endless.count("\n") + 2
        await pair.database(GOOD)
    finally:
        await pair.close()


async def test_large_result(pair: Pair) -> None:
    """A SELECT with a large result, which nobody reads, takes no memory and harms nothing."""
    await pair.database(f"VALUES (1);\nSELECT repeat('x', 1000) FROM generate_series(1, 30000);\n{GOOD}")


async def test_too_long(pair: Pair) -> None:
    """A schema of more than a megabyte is refused as such."""
    with pytest.raises(SchemaError, match="at most 1,048,576 are accepted"):
        await pair.database("-- filler\n" * 200_000)


async def test_empty(pair: Pair) -> None:
    """A schema of comments alone makes an empty database."""
    await pair.database("-- nothing yet\n")
