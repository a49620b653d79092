"""What one statement touches, and which rows of it."""
# ruff: noqa: S608 -- these statements go to no server

from __future__ import annotations

import timeit

import pytest

from grader.explore.independence import dependent
from grader.explore.values import Access, Footprint, Mode
from grader.tests.explore.bookshop import Connection, begun

UUID = "0190a0b0-0000-7000-8000-000000000001"
LINE = (
    "INSERT INTO order_lines (order_id, position, book_id, quantity) "
    "VALUES ($1::UUID, $2::INTEGER, $3::INTEGER, $4::INTEGER)"
)


def key_of(text: str, *parameters: str | bytes | None) -> tuple[str, ...] | None:
    """Return the rows that a statement reads or adds."""
    accesses = begun().would(text, *parameters).accesses
    return next(a.key for a in accesses if a.thing.startswith("table ") and a.mode in {Mode.READ, Mode.APPEND})


def test_a_read_touches_its_rows() -> None:
    """A SELECT by key reads the rows of that key."""
    footprint = begun().would("SELECT title FROM books WHERE books.id = $1::INTEGER", "7")
    assert footprint == Footprint(frozenset({Access("table public.books", Mode.READ, ("id=7",))}))


def test_an_insert_touches_rows_keys_and_parents() -> None:
    """An INSERT adds a row, enters its unique keys, and keeps its parents from being removed."""
    row = ("book_id=5", f"order_id={UUID}", "position=1", "quantity=2")
    assert begun().would(LINE, UUID, "1", "5", "2").accesses == {
        Access("table public.order_lines", Mode.APPEND, row),
        Access("rows public.order_lines", Mode.APPEND, row),
        Access(
            "unique public.order_lines order_lines_order_id_position",
            Mode.EXCLUSIVE,
            (f"order_id={UUID}", "position=1"),
        ),
        Access("table public.orders", Mode.KEY_SHARE, (f"id={UUID}",)),
        Access("rows public.orders", Mode.KEY_SHARE, (f"id={UUID}",)),
        Access("table public.books", Mode.KEY_SHARE, ("id=5",)),
        Access("rows public.books", Mode.KEY_SHARE, ("id=5",)),
    }


def test_an_update_reads_changes_and_locks() -> None:
    """An UPDATE reads by its WHERE, and changes and locks what that leaves; a change of a key removes the old one."""
    footprint = begun().would("UPDATE books SET stock = 0 WHERE id = 1 AND stock = 3")
    assert footprint.accesses >= {
        Access("table public.books", Mode.READ, ("id=1", "stock=3")),
        Access("table public.books", Mode.CHANGE, ("id=1",)),
        Access("rows public.books", Mode.CHANGE, ("id=1",)),
    }
    moved = begun().would("UPDATE books SET isbn = 'y' WHERE id = 1").accesses
    assert Access("rows public.books", Mode.REMOVE, ("id=1",)) in moved


@pytest.mark.parametrize(
    ("condition", "parameters", "key"),
    [
        ("id = $1", ("07",), ("id=7",)),
        ("id = -7", (), ("id=-7",)),
        ("id = '7'", (), ("id=7",)),
        ("$1::INTEGER = id", ("7",), ("id=7",)),
        ("(id = $1 AND (stock = $2))", ("7", "3"), ("id=7", "stock=3")),
        ("id IN ($1)", ("7",), ("id=7",)),
        ("(id, stock) = ($1, $2)", ("7", "3"), ("id=7", "stock=3")),
        ("isbn IS NULL", (), ("isbn",)),
        ("isbn = 'it''s'", (), ("isbn=it's",)),
        ("isbn = $1::VARCHAR", ("x ",), ("isbn=x ",)),
        ("public.books.id = $1", ("7",), None),
        ("id = $1 OR stock = 3", ("7",), None),
        ("NOT id = $1", ("7",), None),
        ("id = stock", (), None),
        ("id = $1 + 1", ("7",), None),
        ("id = $1", ("seven",), None),
        ("id = $1", (b"\0\0\0\7",), None),
        ("id = $1", (), None),
        ("isbn = $1", ("x" * 200,), None),
        ("isbn = $1::VARCHAR(3)", ("long",), None),
        ("id = $1::NUMERIC", ("7",), None),
        ("other.id = $1", ("7",), None),
    ],
)
def test_where_narrows_to_rows(condition: str, parameters: tuple[str, ...], key: tuple[str, ...] | None) -> None:
    """Columns that are compared with what is known narrow the rows; values are written alike where they are equal."""
    assert key_of(f"SELECT title FROM books WHERE {condition}", *parameters) == key


def test_an_outer_joins_condition_narrows_its_own_side_alone() -> None:
    """ON of a LEFT JOIN says nothing of the rows that are kept anyway."""
    accesses = begun().would("SELECT 1 FROM books b LEFT JOIN keys k ON b.id = 1 AND k.customer_id = 2").accesses
    assert accesses == {
        Access("table public.books", Mode.READ),
        Access("table public.keys", Mode.READ, ("customer_id=2",)),
    }
    kept = begun().would("SELECT 1 FROM books b RIGHT JOIN keys k ON k.customer_id = 2").accesses
    assert Access("table public.keys", Mode.READ) in kept


def test_columns_of_several_tables_need_their_tables_name() -> None:
    """A bare column of one of two tables narrows neither."""
    accesses = begun().would("SELECT 1 FROM books, customers WHERE id = 1 AND books.stock = 2").accesses
    assert accesses == {
        Access("table public.books", Mode.READ, ("stock=2",)),
        Access("table public.customers", Mode.READ),
    }


def test_parameters_close_together_are_told_apart() -> None:
    """`$1,$2` is no quoted string, whatever a parser may think."""
    found = begun().would("SELECT 1 FROM keys WHERE key IN ($1,$2) AND customer_id = $3", "a", "b", "1")
    assert found.accesses == {Access("table public.keys", Mode.READ, ("customer_id=1",))}
    assert key_of("SELECT response FROM keys WHERE key = '$1,$2'") == ("key=$1,$2",)


def test_quoted_names_are_exact() -> None:
    """A quoted identifier is a name of its own."""
    assert key_of('SELECT "b"."id" FROM "books" AS "b" WHERE "b"."id" = 3') == ("id=3",)
    assert begun().would('SELECT * FROM "Books"').opaque


def test_stream_commands_touch_entries_or_a_group() -> None:
    """Adding, reading for a group and acknowledging touch different parts of a stream."""
    connection = Connection()

    def would(text: str, *parameters: str) -> Footprint:
        return connection.would_redis(text, *parameters)

    add = would("XADD orders", "*", "order_id", "1")
    read = would("XREADGROUP GROUP", "g", "c", "STREAMS", "orders", ">")
    claim = would("XAUTOCLAIM orders", "g", "c", "0", "0-0")
    one, other = would("XACK orders", "g", "1-1"), would("XACK orders", "g", "2-1")
    assert dependent(add, add)
    assert dependent(add, read)
    assert dependent(read, read)
    assert dependent(read, claim)
    assert dependent(read, one)
    assert dependent(one, claim)
    assert not dependent(add, one)
    assert not dependent(one, other)
    assert not dependent(one, would("XACK orders", "another", "1-1"))
    assert not dependent(add, would("XADD payments", "*", "a", "1"))
    assert dependent(one, would("DEL orders"))
    assert dependent(one, would("XGROUP DESTROY", "orders", "g"))
    assert would("XADD").opaque


def test_redis_commands_touch_their_keys() -> None:
    """A Redis command reads or writes its keys; an unknown one may touch anything."""
    connection = Connection()

    def would(text: str, *parameters: str) -> Footprint:
        return connection.would_redis(text, *parameters)

    assert would("GET cart:7").accesses == {Access("redis", Mode.SHARE, ("key=cart:7",))}
    assert would("SET cart:7", "x", "NX").accesses == {Access("redis", Mode.EXCLUSIVE, ("key=cart:7",))}
    assert {a.key for a in would("MSET a", "1", "b", "2").accesses} == {("key=a",), ("key=b",)}
    assert {a.key for a in would("EVALSHA abc", "1", "lock", "token").accesses} == {("key=lock",)}
    assert would("FLUSHALL").accesses == {Access("redis", Mode.EXCLUSIVE)}
    assert would("PING").accesses == frozenset()
    assert would("EVAL return 1", "0").accesses == {Access("redis", Mode.EXCLUSIVE)}
    assert would("OBSCURE x").opaque
    assert would("EVAL script", "many", "lock").opaque
    assert would("DEL a", *("b",) * 200).opaque


def test_a_repeated_text_costs_little() -> None:
    """A text that was seen costs less than 60 µs, with parameters that were not."""
    connection = begun()
    numbers = iter(range(1_000_000))

    def once() -> None:
        connection.would(LINE, UUID, str(next(numbers)), "5", "2")

    once()
    assert min(timeit.repeat(once, number=20, repeat=50)) / 20 < 60e-6
