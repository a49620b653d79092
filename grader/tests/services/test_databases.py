"""A submission's database: cloned with its schema, owned by a role that can do nothing else, gone when dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

from grader.services import Database, SchemaError
from grader.tests.services.conftest import ask, lease, log_in, names

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services import Pair

SCHEMA = "CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL);\nINSERT INTO books VALUES (1, 'Dune');\n"


async def tries(database: Database, statement: str) -> None:
    """Run one statement as the submission's role."""
    await ask(database, statement)


async def test_schema_is_there(pair: Pair) -> None:
    """The schema's tables and rows are in the database, and belong to its role."""
    database = await pair.database(SCHEMA)
    assert await ask(database, "SELECT title FROM books") == [("Dune",)]
    owner = await ask(database, "SELECT tableowner FROM pg_tables WHERE tablename = 'books'")
    assert owner == [(database.user,)]
    await tries(database, "ALTER TABLE books ADD COLUMN price int")


async def test_extensions(pair: Pair) -> None:
    """`vector` and `btree_gist` are installed beforehand, since a role could not install the first itself."""
    database = await pair.database("CREATE TABLE a (place vector(3))")
    installed = await ask(database, "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")
    assert installed == [("btree_gist",), ("vector",)]


async def test_role_is_limited(pair: Pair) -> None:
    """The role is no superuser, may make neither databases nor roles, and has at most 80 connections."""
    database = await pair.database()
    rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit"
    assert await ask(database, f"SELECT {rights} FROM pg_roles WHERE rolname = current_user") == [  # noqa: S608 - constants
        (False, False, False, False, False, 80)
    ]
    for statement in (
        "CREATE DATABASE more",
        "CREATE ROLE more",
        "ALTER SYSTEM SET fsync = on",
        "CREATE EXTENSION dblink",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tries(database, statement)


async def test_role_stays_at_home(pair: Pair) -> None:
    """The role can connect to no other database: not the server's own, not a template, not another submission's."""
    database, other = await pair.database(SCHEMA), await pair.database()
    [(template,)] = await ask(
        pair.postgres, "SELECT datname FROM pg_database WHERE datname LIKE '%template\\_%\\_0' LIMIT 1"
    )
    for name in ("postgres", "template1", "backend_katas_base", str(template), other.name):
        with pytest.raises(psycopg.OperationalError):
            await log_in(database, name)


async def test_settings_of_a_role(pair: Pair) -> None:
    """A deadlock is found after 10 ms, and no setting of the server's machine shows through."""
    database = await pair.database()
    assert await ask(database, "SHOW deadlock_timeout") == [("10ms",)]
    assert await ask(database, "SHOW timezone") == [("UTC",)]
    assert await ask(database, "SELECT 'a' < 'B', upper('ä')") == [(False, "Ä")]


async def test_same_schema_twice_at_once(pair: Pair) -> None:
    """Two databases of one schema have roles of their own, and neither sees the other's rows."""
    one, other = await asyncio.gather(pair.database(SCHEMA), pair.database(SCHEMA))
    assert one.user != other.user
    await tries(one, "DELETE FROM books")
    assert await ask(other, "SELECT count(*) FROM books") == [(1,)]
    with pytest.raises(psycopg.OperationalError):
        await log_in(one, other.name)


async def test_schema_runs_once(pair: Pair) -> None:
    """A schema is run the first time only; later databases, of later runs too, are copies."""
    schema = "CREATE TABLE made AS SELECT clock_timestamp() AS at"
    first = await pair.database(schema)
    made = await ask(first, "SELECT at FROM made")
    await pair.drop(first)
    assert await ask(await pair.database(schema), "SELECT at FROM made") == made


async def test_schema_is_kept_for_the_next_run(home: Path) -> None:
    """A later run on a warm pair finds the schema made."""
    schema = "CREATE TABLE made_earlier AS SELECT clock_timestamp() AS at"
    made = []
    for _ in range(2):
        async with lease(home) as pair:
            made.append(await ask(await pair.database(schema), "SELECT at FROM made_earlier"))
    assert made[0] == made[1]


async def test_bounded_cache(home: Path) -> None:
    """Of many schemas only the latest stay on a warm pair."""
    async with lease(home) as pair:
        for number in range(14):
            await pair.drop(await pair.database(f"CREATE TABLE t{number} ()"))
    async with lease(home) as pair:
        assert len(await names(pair, "template")) == 12


async def test_drop(pair: Pair) -> None:
    """Dropping ends the sessions and removes database and role, whatever the submission did to stay."""
    database = await pair.database()
    await tries(database, f"ALTER DATABASE {database.name} IS_TEMPLATE true")
    async with await log_in(database) as connection:
        await connection.execute("SELECT lo_create(0)")
        await connection.execute("BEGIN")
        assert await pair.sessions(database) == 1
        await pair.drop(database)
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
    assert await pair.sessions(database) == 0
    assert database.name not in await names(pair, "db")
    assert database.user not in await names(pair, "role")


async def test_nothing_outlives_a_drop(pair: Pair) -> None:
    """The next database of the same schema has the same role, but no password, setting or right of the one before."""
    before = await pair.database(SCHEMA)
    async with await log_in(before) as connection:
        for statement in (
            "ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'serializable'",
            "ALTER ROLE CURRENT_USER PASSWORD 'mine'",
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC",
            "DROP TABLE books",
        ):
            await connection.execute(statement.encode())
    await pair.drop(before)
    after = await pair.database(SCHEMA)
    assert after.user == before.user
    assert await ask(after, "SHOW default_transaction_isolation") == [("read committed",)]
    assert await ask(after, "SELECT count(*) FROM pg_default_acl") == [(0,)]
    assert await ask(after, "SELECT title FROM books") == [("Dune",)]
    for password in (before.password, "mine"):
        with pytest.raises(psycopg.OperationalError):
            await log_in(Database(after.host, after.port, after.name, after.user, password))


async def test_settings_of_a_schema(pair: Pair) -> None:
    """What a schema sets for its database and its role holds in every clone."""
    schema = """
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = shop, public', current_database()); END $$;
    ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'repeatable read';
    CREATE SCHEMA shop;
    """
    for _ in range(2):
        database = await pair.database(schema)
        assert await ask(database, "SHOW search_path") == [("shop, public",)]
        assert await ask(database, "SHOW default_transaction_isolation") == [("repeatable read",)]
        assert await ask(database, "SHOW deadlock_timeout") == [("10ms",)]


async def test_dropping_itself(pair: Pair) -> None:
    """A submission that drops its tables and tries to drop its database harms itself only."""
    database = await pair.database(SCHEMA)
    await tries(database, "DROP TABLE books")
    with pytest.raises(psycopg.errors.ObjectInUse):
        await tries(database, f"DROP DATABASE {database.name}")
    await tries(database, f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
    await pair.drop(database)
    assert await ask(await pair.database(SCHEMA), "SELECT count(*) FROM books") == [(1,)]


async def test_climbing(pair: Pair) -> None:
    """A function that tries to become superuser, behind a view, gets nowhere: not in the schema, not later."""
    climb = """
    CREATE FUNCTION climb() RETURNS int LANGUAGE plpgsql AS $$
    BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER', session_user); RETURN 1; END $$;
    CREATE VIEW innocent AS SELECT climb();
    """
    with pytest.raises(SchemaError) as refused:
        await pair.database(f"{climb}TABLE innocent;")
    assert (refused.value.line, refused.value.sqlstate) == (5, "42501")
    database = await pair.database(climb)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await tries(database, "SELECT * FROM innocent")
    await pair.sessions(database)
    await pair.drop(database)
    assert await ask(pair.postgres, "SELECT rolname FROM pg_roles WHERE rolsuper") == [("postgres",)]


@pytest.mark.parametrize(
    "schema",
    [
        "SET ROLE postgres",
        (
            "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';\n"
            "CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f()"
        ),
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "CREATE TABLE a (l text); COPY a FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "CREATE TABLESPACE t LOCATION '/tmp'",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    ],
)
async def test_schema_has_no_rights_of_ours(pair: Pair, schema: str) -> None:
    """A schema is refused what its role may not do."""
    with pytest.raises(SchemaError) as refused:
        await pair.database(schema)
    assert refused.value.sqlstate == "42501"
    assert await names(pair, "db") == set()
