"""Small concurrent programs in SQL and Redis, two or three scripts each, for the oracle of the independence relation.

`{0}` in a statement is the first value that statement 0 of the same script returned. A script ends at its first error.
"""

# ruff: noqa: S608 -- statements of our own, for databases of our own

from __future__ import annotations

from dataclasses import dataclass

Rows = dict[str, list[dict[str, object]]]

ITEMS = """
CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, version int NOT NULL DEFAULT 1);
CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL UNIQUE);
"""
TWO_ITEMS: Rows = {"items": [{"id": 1, "v": 10, "version": 1}, {"id": 2, "v": 20, "version": 1}]}
SHOP = """
CREATE TABLE shelves (id int PRIMARY KEY, label text NOT NULL, code int NOT NULL DEFAULT 0);
CREATE TABLE books (id int PRIMARY KEY, shelf_id int NOT NULL REFERENCES shelves ON DELETE {action});
"""
SHELVES: Rows = {"shelves": [{"id": 1, "label": "a", "code": 0}, {"id": 2, "label": "b", "code": 0}], "books": []}


@dataclass(frozen=True)
class Scenario:
    """Scripts that run at once on the same rows; `most` bounds the schedules that are run of it."""

    name: str
    schema: str
    given: Rows
    scripts: tuple[tuple[str, ...], ...]
    most: int = 500
    look: str = ""
    """The rows that make the outcome; by default those of the given tables."""


def both(*script: str) -> tuple[tuple[str, ...], ...]:
    """Return the script twice."""
    return script, script


AUTOCOMMIT = (
    "SELECT v FROM items WHERE id = 1",
    "UPDATE items SET v = {0} + 1 WHERE id = 1",
    "SELECT v FROM items WHERE id = 1",
)


def _read_modify_write(begin: str = "BEGIN", lock: str = "") -> tuple[str, ...]:
    return begin, f"SELECT v FROM items WHERE id = 1{lock}", "UPDATE items SET v = {1} + 1 WHERE id = 1", "COMMIT"


SCENARIOS = (
    Scenario("read-modify-write", ITEMS, TWO_ITEMS, both(*_read_modify_write())),
    Scenario("for update", ITEMS, TWO_ITEMS, both(*_read_modify_write(lock=" FOR UPDATE"))),
    Scenario("for share, then update", ITEMS, TWO_ITEMS, both(*_read_modify_write(lock=" FOR SHARE"))),
    Scenario(
        "optimistic",
        ITEMS,
        TWO_ITEMS,
        both(
            "SELECT version FROM items WHERE id = 1",
            "BEGIN",
            "UPDATE items SET v = v + 1, version = {0} + 1 WHERE id = 1 AND version = {0}",
            "COMMIT",
        ),
    ),
    Scenario(
        "write skew",
        ITEMS,
        TWO_ITEMS,
        (
            ("BEGIN", "SELECT sum(v) FROM items", "UPDATE items SET v = v - {1} WHERE id = 1", "COMMIT"),
            ("BEGIN", "SELECT sum(v) FROM items", "UPDATE items SET v = v - {1} WHERE id = 2", "COMMIT"),
        ),
    ),
    Scenario(
        "write skew, serializable",
        ITEMS,
        TWO_ITEMS,
        tuple(
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT sum(v) FROM items",
                f"UPDATE items SET v = v - {{1}} WHERE id = {item}",
                "COMMIT",
            )
            for item in (1, 2)
        ),
    ),
    Scenario(
        "serializable, a reader between two writers",
        ITEMS,
        TWO_ITEMS,
        (
            ("BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT v FROM items WHERE id = 1", "COMMIT"),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT sum(v) FROM items",
                "UPDATE items SET v = 0 WHERE id = 1",
                "COMMIT",
            ),
            ("BEGIN ISOLATION LEVEL SERIALIZABLE", "UPDATE items SET v = v + 1 WHERE id = 2", "COMMIT"),
        ),
        most=900,
    ),
    Scenario("repeatable read", ITEMS, TWO_ITEMS, both(*_read_modify_write("BEGIN ISOLATION LEVEL REPEATABLE READ"))),
    Scenario(
        "a first statement that reads nothing, under repeatable read",
        ITEMS,
        TWO_ITEMS,
        (
            ("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1", "SELECT v FROM items WHERE id = 1", "COMMIT"),
            ("UPDATE items SET v = 11 WHERE id = 1", "BEGIN", "UPDATE items SET v = v + 5 WHERE id = 1", "COMMIT"),
        ),
    ),
    Scenario(
        "insert if absent",
        ITEMS,
        {"notes": []},
        (
            ("BEGIN", "SELECT count(*) FROM notes", "INSERT INTO notes SELECT 1, 'a' WHERE {1} = 0", "COMMIT"),
            ("BEGIN", "SELECT count(*) FROM notes", "INSERT INTO notes SELECT 2, 'b' WHERE {1} = 0", "COMMIT"),
        ),
    ),
    Scenario(
        "unique race",
        ITEMS,
        {"notes": []},
        (
            ("BEGIN", "INSERT INTO notes VALUES (1, 'a')", "SELECT count(*) FROM notes", "COMMIT"),
            ("BEGIN", "INSERT INTO notes VALUES (2, 'a')", "SELECT count(*) FROM notes", "COMMIT"),
        ),
    ),
    Scenario(
        "different keys",
        ITEMS,
        {"notes": []},
        (
            ("BEGIN", "INSERT INTO notes VALUES (1, 'a')", "INSERT INTO notes VALUES (3, 'c')", "COMMIT"),
            ("BEGIN", "INSERT INTO notes VALUES (2, 'b')", "INSERT INTO notes VALUES (4, 'd')", "COMMIT"),
        ),
    ),
    Scenario(
        "on conflict do nothing",
        ITEMS,
        {"notes": []},
        tuple(
            (
                "BEGIN",
                f"INSERT INTO notes VALUES ({key}, 'a') ON CONFLICT DO NOTHING RETURNING id",
                "SELECT id FROM notes WHERE text = 'a'",
                "COMMIT",
            )
            for key in (1, 2)
        ),
    ),
    Scenario(
        "the first of two inserts stays",
        ITEMS,
        {"notes": []},
        tuple((f"INSERT INTO notes VALUES ({key}, 'a') ON CONFLICT DO NOTHING",) for key in (1, 2)),
    ),
    Scenario(
        "on conflict do update",
        ITEMS,
        TWO_ITEMS,
        tuple(
            (
                "BEGIN",
                f"INSERT INTO items VALUES (3, {v}) ON CONFLICT (id) DO UPDATE SET v = items.v * 2 RETURNING v",
                end,
            )
            for v, end in ((5, "ROLLBACK"), (7, "COMMIT"))
        ),
    ),
    Scenario(
        "delete of a parent against insert of its child",
        SHOP.format(action="NO ACTION"),
        SHELVES,
        (
            ("BEGIN", "DELETE FROM shelves WHERE id = 1", "SELECT count(*) FROM books", "COMMIT"),
            ("BEGIN", "INSERT INTO books VALUES (1, 1)", "SELECT count(*) FROM shelves", "COMMIT"),
        ),
    ),
    Scenario(
        "change of a parent against insert of its child",
        SHOP.format(action="NO ACTION"),
        SHELVES,
        (
            (
                "BEGIN",
                "UPDATE shelves SET label = 'c' WHERE id = 1",
                "UPDATE shelves SET code = 1 WHERE id = 1",
                "COMMIT",
            ),
            ("BEGIN", "INSERT INTO books VALUES (1, 1)", "SELECT label FROM shelves WHERE id = 1", "COMMIT"),
        ),
    ),
    Scenario(
        "cascade",
        SHOP.format(action="CASCADE"),
        SHELVES | {"books": [{"id": 7, "shelf_id": 1}]},
        (
            ("BEGIN", "DELETE FROM shelves WHERE id = 1", "SELECT count(*) FROM books", "COMMIT"),
            ("BEGIN", "UPDATE books SET shelf_id = 2 WHERE id = 7", "INSERT INTO books VALUES (8, 1)", "COMMIT"),
        ),
    ),
    Scenario(
        "trigger",
        ITEMS
        + """
        CREATE FUNCTION count_notes() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE items SET v = v + 1 WHERE id = 1; RETURN NEW; END $$;
        CREATE TRIGGER counting AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION count_notes();
        """,
        TWO_ITEMS | {"notes": []},
        (
            ("BEGIN", "INSERT INTO notes VALUES (1, 'a')", "COMMIT"),
            ("BEGIN", "SELECT v FROM items WHERE id = 1", "UPDATE items SET v = {1} * 2 WHERE id = 1", "COMMIT"),
        ),
    ),
    Scenario(
        "view",
        ITEMS + "CREATE VIEW totals AS SELECT sum(v) AS total FROM items;",
        TWO_ITEMS,
        (
            ("SELECT total FROM totals", "INSERT INTO notes SELECT {0}, 'total'"),
            ("BEGIN", "UPDATE items SET v = 0 WHERE id = 1", "UPDATE items SET v = 0 WHERE id = 2", "COMMIT"),
        ),
    ),
    Scenario(
        "rollback frees a waiter",
        ITEMS,
        TWO_ITEMS,
        (
            ("BEGIN", "UPDATE items SET v = 99 WHERE id = 1", "ROLLBACK", "SELECT v FROM items WHERE id = 1"),
            (
                "BEGIN",
                "UPDATE items SET v = v + 1 WHERE id = 1 RETURNING v",
                "SELECT v FROM items WHERE id = 1",
                "COMMIT",
            ),
        ),
    ),
    Scenario(
        "rollback to a savepoint frees a waiter",
        ITEMS,
        TWO_ITEMS,
        (
            (
                "BEGIN",
                "UPDATE items SET v = 5 WHERE id = 2",
                "SAVEPOINT s",
                "UPDATE items SET v = 99 WHERE id = 1",
                "ROLLBACK TO SAVEPOINT s",
                "COMMIT",
            ),
            ("BEGIN", "UPDATE items SET v = v + 1 WHERE id = 1 RETURNING v", "SELECT sum(v) FROM items", "COMMIT"),
        ),
    ),
    Scenario(
        "autocommit",
        ITEMS,
        TWO_ITEMS,
        both(*AUTOCOMMIT),
    ),
    Scenario(
        "a waiting step keeps its snapshot",
        "CREATE TABLE stock (id int PRIMARY KEY, copies int NOT NULL);"
        "CREATE TABLE sales (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, copies int NOT NULL);",
        {"stock": [{"id": 1, "copies": 5}], "sales": []},
        both(
            "BEGIN",
            "WITH locked AS (SELECT copies FROM stock WHERE id = 1 FOR UPDATE) "
            "SELECT copies - (SELECT coalesce(sum(copies), 0) FROM sales) FROM locked",
            "INSERT INTO sales (copies) SELECT 4 WHERE {1} >= 4",
            "COMMIT",
        ),
        look="SELECT (SELECT sum(copies) FROM stock), (SELECT sum(copies) FROM sales)",
    ),
    Scenario(
        "advisory lock",
        ITEMS,
        TWO_ITEMS,
        both(
            "BEGIN",
            "SELECT pg_advisory_xact_lock(7)",
            *_read_modify_write()[1:2],
            "UPDATE items SET v = {2} + 1 WHERE id = 1",
            "COMMIT",
        ),
    ),
    Scenario(
        "try advisory lock",
        ITEMS,
        TWO_ITEMS,
        both(
            "SELECT pg_try_advisory_lock(7)::int",
            "UPDATE items SET v = v + 1 WHERE id = 1 AND {0} = 1",
            "SELECT pg_advisory_unlock(7)::int WHERE {0} = 1",
        ),
    ),
    Scenario(
        "sequence",
        ITEMS + "CREATE SEQUENCE numbers;",
        {"notes": []},
        (
            ("SELECT setval('numbers', 1000000)", "SELECT setval('numbers', 1)"),
            ("SELECT (nextval('numbers') > 1000000)::int", "SELECT (nextval('numbers') > 1000000)::int"),
        ),
    ),
    Scenario(
        "opposite transfers",
        ITEMS,
        TWO_ITEMS,
        tuple(
            (
                "BEGIN",
                f"UPDATE items SET v = v - 1 WHERE id = {one}",
                f"UPDATE items SET v = v + 1 WHERE id = {other}",
                "COMMIT",
            )
            for one, other in ((1, 2), (2, 1))
        ),
    ),
    Scenario(
        "skip locked",
        ITEMS,
        TWO_ITEMS,
        both(
            "BEGIN",
            "SELECT id FROM items WHERE v > 0 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
            "UPDATE items SET v = 0 WHERE id = {1}",
            "COMMIT",
        ),
    ),
    Scenario(
        "nowait",
        ITEMS,
        TWO_ITEMS,
        both(*_read_modify_write(lock=" FOR UPDATE NOWAIT")),
    ),
    Scenario(
        "deferred constraint",
        "CREATE TABLE places (id int PRIMARY KEY, place int NOT NULL, UNIQUE (place) DEFERRABLE INITIALLY DEFERRED);",
        {"places": [{"id": 1, "place": 1}, {"id": 2, "place": 2}]},
        (
            ("BEGIN", "UPDATE places SET place = 2 WHERE id = 1", "UPDATE places SET place = 1 WHERE id = 2", "COMMIT"),
            ("BEGIN", "INSERT INTO places VALUES (3, 1)", "SELECT count(*) FROM places", "COMMIT"),
        ),
    ),
    Scenario(
        "redis lock",
        ITEMS,
        TWO_ITEMS,
        both(
            "redis SET lock me NX",
            "SELECT v FROM items WHERE id = 1",
            "UPDATE items SET v = {1} + 1 WHERE id = 1 AND '{0}' = 'OK'",
            "redis DEL lock",
        ),
    ),
    Scenario("redis counter", ITEMS, TWO_ITEMS, both("redis GET n", "redis SET n {0}1", "redis GET n", "redis GET m")),
    Scenario(
        "three requests",
        ITEMS,
        TWO_ITEMS,
        (both(*_read_modify_write()) * 2)[:3],
        most=1700,
    ),
    Scenario(
        "three who wait",
        ITEMS,
        TWO_ITEMS,
        (
            ("BEGIN", "UPDATE items SET v = v + 1 WHERE id = 1", "COMMIT"),
            ("BEGIN", "UPDATE items SET v = v * 2 WHERE id = 1", "COMMIT"),
            ("SELECT v FROM items WHERE id = 1", "UPDATE items SET v = v + 3 WHERE id = 2", "SELECT sum(v) FROM items"),
        ),
        most=1700,
    ),
    Scenario("three who read and write", ITEMS, TWO_ITEMS, (both(*AUTOCOMMIT) * 2)[:3], most=1700),
    Scenario(
        "three counters in redis",
        ITEMS,
        TWO_ITEMS,
        (both("redis GET n", "redis SET n {0}1", "redis GET n") * 2)[:3],
        most=1700,
    ),
    Scenario(
        "two who read a stream for a group",
        ITEMS,
        TWO_ITEMS,
        (
            (
                "redis XGROUP CREATE s g 0 MKSTREAM",
                "redis XADD s 1-1 a 1",
                "redis XREADGROUP GROUP g a COUNT 1 STREAMS s >",
                "redis XACK s g 1-1",
                "redis XPENDING s g",
            ),
            (
                "redis XADD s 2-1 b 2",
                "redis XREADGROUP GROUP g b COUNT 1 STREAMS s >",
                "redis XACK s g 2-1",
                "redis XPENDING s g",
            ),
        ),
    ),
    Scenario(
        "one who claims what another was given",
        ITEMS,
        TWO_ITEMS,
        (
            (
                "redis XGROUP CREATE s g 0 MKSTREAM",
                "redis XADD s 1-1 a 1",
                "redis XREADGROUP GROUP g a STREAMS s >",
                "redis XACK s g 1-1",
            ),
            ("redis XAUTOCLAIM s g b 0 0-0", "redis XLEN s", "redis XTRIM s MAXLEN 0", "redis XRANGE s - +"),
        ),
    ),
    Scenario(
        "three who insert",
        ITEMS,
        {"notes": []},
        tuple(
            ("BEGIN", "SELECT count(*) FROM notes", f"INSERT INTO notes VALUES ({key}, '{key} of {{1}}')", "COMMIT")
            for key in (1, 2, 3)
        ),
        most=1700,
    ),
    Scenario(
        "three, serializable",
        ITEMS,
        TWO_ITEMS | {"notes": []},
        (
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT v FROM items WHERE id = 1",
                "UPDATE items SET v = {1} WHERE id = 2",
                "COMMIT",
            ),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT v FROM items WHERE id = 2",
                "INSERT INTO notes VALUES (1, '{1}')",
                "COMMIT",
            ),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SELECT count(*) FROM notes",
                "UPDATE items SET v = {1} WHERE id = 1",
                "COMMIT",
            ),
        ),
        most=1700,
    ),
    Scenario(
        "two orders of five lines",
        """
        CREATE TABLE orders (id int PRIMARY KEY);
        CREATE TABLE lines (
            id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, order_id int NOT NULL REFERENCES orders, n int NOT NULL
        );
        """,
        {"orders": [], "lines": []},
        tuple(
            (
                "BEGIN",
                f"INSERT INTO orders VALUES ({order})",
                *(f"INSERT INTO lines (order_id, n) VALUES ({order}, {n})" for n in range(4)),
                "COMMIT",
            )
            for order in (1, 2)
        ),
        most=1000,
        look="SELECT order_id, n FROM lines ORDER BY 1, 2",
    ),
    Scenario(
        "two long requests",
        ITEMS,
        TWO_ITEMS,
        tuple(
            (
                "BEGIN",
                "SELECT v FROM items WHERE id = 1",
                "SELECT v FROM items WHERE id = 2",
                f"UPDATE items SET v = {{1}} + {{2}} WHERE id = {item}",
                "SELECT sum(v) FROM items",
                "SELECT max(v) FROM items",
                "COMMIT",
            )
            for item in (1, 2)
        ),
        most=1000,
    ),
)
