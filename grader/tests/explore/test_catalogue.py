"""A catalogue read from a real database."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from grader.explore.catalogue import Catalogue, Column, ForeignKey, Key, read_catalogue
from grader.services import Settings, open_pair, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
CREATE TABLE customers (id uuid DEFAULT uuidv7() PRIMARY KEY, name varchar(80) NOT NULL, vip boolean);
CREATE TYPE state AS ENUM ('new', 'done');
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id uuid REFERENCES customers ON DELETE SET NULL ON UPDATE CASCADE,
    state state NOT NULL DEFAULT 'new',
    label jsonb,
    cents integer,
    doubled integer GENERATED ALWAYS AS (cents * 2) STORED,
    gone integer,
    CONSTRAINT orders_label UNIQUE NULLS NOT DISTINCT (label, customer_id) DEFERRABLE
);
ALTER TABLE orders DROP COLUMN gone;
CREATE UNIQUE INDEX orders_by_upper ON orders ((cents + 1), cents) INCLUDE (state);
CREATE INDEX orders_plain ON orders (cents);
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE bookings (room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE FUNCTION positive(n integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN n > 0;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.cents := 0; RETURN NEW; END';
CREATE TABLE checked (n integer CHECK (positive(n)));
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF cents, label ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER asleep AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER asleep;
CREATE VIEW recent AS SELECT id FROM orders;
CREATE SCHEMA back;
CREATE TABLE back.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE back.first PARTITION OF back.parts FOR VALUES FROM (0) TO (9);
CREATE TABLE ruled (id int);
CREATE RULE quiet AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE TABLE guarded (id int);
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format('ALTER ROLE %I SET default_transaction_isolation = %L', current_user, 'serializable');
    EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), 'repeatable read');
    EXECUTE format('ALTER DATABASE %I SET search_path = back, "$user", public', current_database());
END $$;
"""


@pytest.fixture(scope="module")
def found() -> Iterator[Catalogue]:
    """The catalogue of a database with that schema."""
    home = Path(tempfile.mkdtemp(prefix="catalogue-"))
    home.chmod(0o755)  # where the tests run as root the servers run as another account
    with asyncio.Runner() as runner:
        try:
            yield runner.run(_read(home))
        finally:
            runner.run(stop(home))
            shutil.rmtree(home)


async def _read(home: Path) -> Catalogue:
    pair = await open_pair(Settings(home=home, choice="embedded"), redis=False, tell=print)
    try:
        database = await pair.database(SCHEMA)
        async with await psycopg.AsyncConnection.connect(
            host=database.host,
            port=database.port,
            user=database.user,
            password=database.password,
            dbname=database.name,
            autocommit=True,
        ) as connection:
            asked: list[str] = []

            async def fetch(query: str) -> list[tuple[Any, ...]]:
                asked.append(query)
                cursor = await connection.execute(query.encode(), ())
                return await cursor.fetchall()

            catalogue = await read_catalogue(fetch)
            assert len(asked) == 1
        await pair.drop(database)
    finally:
        await pair.close()
    return catalogue


def test_columns_have_types_that_compare(found: Catalogue) -> None:
    """Columns come in order, with their defaults, and a type where equal values are equal texts."""
    assert list(found.relations["public.customers"].columns.values()) == [
        Column("id", "uuid", "uuidv7()"),
        Column("name", "varchar"),
        Column("vip", "boolean"),
    ]
    orders = found.relations["public.orders"].columns
    assert list(orders) == ["id", "customer_id", "state", "label", "cents", "doubled"]
    assert orders["id"] == Column("id", "integer", identity=True)
    assert orders["state"] == Column("state", "enum", "'new'::state")
    assert orders["label"].type == "other"
    assert orders["doubled"] == Column("doubled", "integer", generated=True)


def test_keys_are_what_rows_meet_in(found: Catalogue) -> None:
    """Primary, unique and exclusion keys are there, with what of them is compared for equality."""
    assert set(found.relations["public.orders"].keys) == {
        Key("orders_pkey", ("id",)),
        Key("orders_label", ("label", "customer_id"), nulls_meet=True, deferrable=True),
        Key("orders_by_upper", ("cents",), whole=False),
    }
    assert found.relations["public.bookings"].keys == (Key("bookings_room_during_excl", ("room",), whole=False),)


def test_foreign_keys_are_known_at_both_ends(found: Catalogue) -> None:
    """A foreign key stands with its child and with its parent, with its actions."""
    key = ForeignKey(
        "public.orders", "public.customers", ("customer_id",), ("id",), "n", "c", delete_sets=("customer_id",)
    )
    assert found.relations["public.orders"].references == (key,)
    assert found.relations["public.customers"].referenced == (key,)


def test_triggers_functions_and_checks_are_known(found: Catalogue) -> None:
    """Triggers that fire are there with their events and columns; functions have their bodies."""
    (trigger,) = found.relations["public.orders"].triggers
    assert trigger.events == {"insert", "update"}
    assert trigger.before
    assert trigger.columns == {"cents", "label"}
    assert "touch()" in trigger.calls
    assert found.relations["public.checked"].checks == ("positive",)
    (touch,) = found.functions["touch"]
    assert (touch.language, touch.extension) == ("plpgsql", False)
    assert "NEW.cents" in touch.source
    (positive,) = found.functions["positive"]
    assert positive.volatility == "i"
    assert "> 0" in positive.source
    assert all(function.extension for function in found.functions["int4_dist"])


def test_relations_that_nobody_follows_are_strange(found: Catalogue) -> None:
    """Rules, partitions and forced row security make a table strange; a view is its query."""
    strange = {name for name, relation in found.relations.items() if relation.strange}
    assert strange == {"back.parts", "back.first", "public.ruled", "public.guarded"}
    assert " ".join(found.relations["public.recent"].definition.split()) == "SELECT id FROM orders;"


def test_settings_of_role_and_database_count(found: Catalogue) -> None:
    """What was set for the role wins over what was set for its database; names are found on the search path."""
    assert found.isolation == "serializable"
    assert found.search_path[0] == "back"
    assert found.search_path[-1] == "public"
    recent, parts = found.find("recent"), found.find("parts")
    assert recent is not None
    assert recent.name == "public.recent"
    assert parts is not None
    assert parts.name == "back.parts"
    assert found.find("orders", "back") is None
    assert found.find("nothing") is None
