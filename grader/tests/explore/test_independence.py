"""Which steps are dependent: each rule of what "complete" rests on."""
# ruff: noqa: S608 -- these statements go to no server

from __future__ import annotations

import pytest

from grader.explore.independence import dependent, may_be_one
from grader.explore.values import Access, Footprint, Mode
from grader.tests.explore.bookshop import Connection, begun, catalogue, end_meets, meet

ROW = "SELECT stock FROM books WHERE id = 1"
SELL = "UPDATE books SET stock = stock - 1 WHERE id = 1"
SELL_OTHER = "UPDATE books SET stock = stock - 1 WHERE id = 2"
FRANK = "INSERT INTO books (id, isbn, title) VALUES (7, 'f', 'Frank')"
LINE = "INSERT INTO order_lines (order_id, position, book_id, quantity) VALUES ($1::UUID, $2::INTEGER, $3::INTEGER, 1)"
ONE = "0190a0b0-0000-7000-8000-000000000001"
TWO = "0190a0b0-0000-7000-8000-000000000002"
REPEATABLE = "BEGIN ISOLATION LEVEL REPEATABLE READ"
SERIALIZABLE = "BEGIN ISOLATION LEVEL SERIALIZABLE"


# reading and writing


def test_a_plain_select_does_not_meet_what_is_uncommitted() -> None:
    """A plain SELECT and another's write of what it reads are independent until the write is committed."""
    assert not meet(ROW, SELL)
    assert not meet("SELECT count(*) FROM books", FRANK)
    assert end_meets(SELL, ROW)
    assert end_meets(FRANK, "SELECT count(*) FROM books")


def test_a_rollback_shows_nothing() -> None:
    """A reader does not depend on the rollback of what it never saw; who waits for the row does."""
    assert not end_meets(SELL, ROW, end="ROLLBACK")
    assert end_meets(SELL, SELL, end="ROLLBACK")


def test_two_reads_are_independent() -> None:
    """Two SELECTs commute, and so do a SELECT and the end of a transaction that only read."""
    assert not meet(ROW, ROW)
    assert not end_meets(ROW, SELL)


def test_two_writes_of_a_row_meet() -> None:
    """Two UPDATEs of one row are dependent, those of two rows are not, whichever way the key is written."""
    assert meet(SELL, SELL)
    assert not meet(SELL, SELL_OTHER)
    assert not meet(SELL, ("UPDATE books AS b SET stock = 0 WHERE b.id = $1::INTEGER AND b.stock > 3", "2"))
    assert meet(SELL, ("UPDATE books SET stock = 0 WHERE $1 = books.id", "1"))
    assert meet(SELL, "UPDATE books SET stock = 0")
    assert meet(SELL, "UPDATE books SET stock = 0 WHERE id = 2 OR price = 3")
    assert meet(SELL, "DELETE FROM books WHERE isbn = 'x'")


def test_a_row_meets_what_reads_the_whole_table_when_it_is_committed() -> None:
    """A change of one row depends, at its COMMIT, with every read that may cover the row and with no other."""
    assert end_meets(SELL, "SELECT sum(stock) FROM books")
    assert end_meets(SELL, "SELECT title FROM books WHERE isbn = 'x'")
    assert not end_meets(SELL, "SELECT title FROM books WHERE id = 2")
    assert not end_meets(SELL, "SELECT name FROM customers")


def test_a_change_of_the_key_meets_both_rows() -> None:
    """An UPDATE that moves a row is dependent with what touches either place."""
    move = "UPDATE books SET id = 2 WHERE id = 1"
    assert meet(move, SELL)
    assert end_meets(move, "SELECT 1 FROM books WHERE id = 2")
    assert meet(move, "INSERT INTO books (id) VALUES (2)")
    gather = ("UPDATE order_lines SET order_id = $1 WHERE position = 1", ONE)
    assert end_meets(gather, ("SELECT book_id FROM order_lines WHERE order_id = $1", ONE))


def test_a_column_that_is_set_does_not_narrow() -> None:
    """`SET state … WHERE state …` touches rows that will have the new value too."""
    take = "UPDATE slips SET note = 'done' WHERE note = 'new'"
    assert end_meets(take, "SELECT id FROM slips WHERE note = 'done'")
    assert end_meets(take, "SELECT id FROM slips WHERE note = 'new'")


# locks


MODES = {
    "FOR KEY SHARE": {"FOR UPDATE"},
    "FOR SHARE": {"FOR UPDATE", "FOR NO KEY UPDATE"},
    "FOR NO KEY UPDATE": {"FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE"},
    "FOR UPDATE": {"FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE"},
}


@pytest.mark.parametrize("mine", MODES)
@pytest.mark.parametrize("theirs", MODES)
@pytest.mark.parametrize("how", ["", " NOWAIT", " SKIP LOCKED"])
def test_locking_reads_meet_as_row_locks_do(mine: str, theirs: str, how: str) -> None:
    """Locking reads of one row are dependent where PostgreSQL's row locks conflict, however they treat a lock held."""
    assert meet(f"{ROW} {mine}", f"{ROW} {theirs}{how}") is (theirs in MODES[mine])
    assert not meet(f"{ROW} {mine}", f"SELECT stock FROM books WHERE id = 2 {theirs}{how}")


@pytest.mark.parametrize("mode", MODES)
def test_a_locking_read_meets_a_change(mode: str) -> None:
    """A lock meets a change that it keeps out, a change's COMMIT always; and its end meets who wants the row."""
    assert meet(f"{ROW} {mode}", SELL) is (mode != "FOR KEY SHARE")
    assert meet(f"{ROW} {mode}", "DELETE FROM books WHERE id = 1")
    assert meet(f"{ROW} {mode}", "UPDATE books SET isbn = 'y' WHERE id = 1")
    assert end_meets(SELL, f"{ROW} {mode}")
    assert end_meets(f"{ROW} {mode}", f"{ROW} FOR UPDATE SKIP LOCKED")
    assert not end_meets(f"{ROW} {mode}", ROW)


def test_a_lock_covers_what_it_names() -> None:
    """FOR UPDATE OF locks the tables named, plain FOR UPDATE all of them, subqueries of the FROM clause included."""
    join = "SELECT 1 FROM orders o JOIN customers c ON c.id = o.customer_id FOR UPDATE"
    rename = "UPDATE customers SET name = 'x'"
    assert meet(join, rename)
    assert not meet(f"{join} OF o", rename)
    assert meet("SELECT sum(stock) FROM (SELECT stock FROM books WHERE id = 1 FOR UPDATE) s", SELL)
    assert meet("SELECT sum(stock) FROM (SELECT stock FROM books WHERE id = 1) s FOR UPDATE", SELL)
    assert not meet("WITH b AS (SELECT id FROM books) SELECT o.id FROM orders o JOIN b ON true FOR UPDATE OF o", SELL)
    assert meet("SELECT id FROM cheap FOR UPDATE", SELL)


def test_lock_table_meets_who_changes() -> None:
    """LOCK TABLE keeps out changes and locking reads; a plain SELECT only in its strongest mode."""
    for mode in ("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"):
        lock = f"LOCK TABLE books IN {mode} MODE"
        assert meet(lock, SELL)
        assert meet(lock, FRANK)
        assert meet(lock, f"{ROW} FOR UPDATE")
        assert meet(lock, "LOCK books IN SHARE MODE")
        assert not meet(lock, ROW)
        assert end_meets(lock, SELL)
        assert not meet(lock, "UPDATE customers SET name = 'x'")
    assert meet("LOCK TABLE ONLY public.books", ROW)
    assert meet("LOCK TABLE customers, books IN ACCESS EXCLUSIVE MODE NOWAIT", ROW)
    assert not meet("LOCK TABLE books IN ROW EXCLUSIVE MODE", SELL)
    assert meet("TRUNCATE books", ROW)
    assert meet("TRUNCATE orders CASCADE", "SELECT 1 FROM order_lines")


# keys


def test_inserts_meet_in_a_key_that_may_be_equal() -> None:
    """Two INSERTs are dependent where a unique key may be equal, and through nothing else."""
    assert meet(FRANK, "INSERT INTO books (id, title) VALUES (7, 'Other')")
    assert meet(FRANK, "INSERT INTO books (id, isbn) VALUES (8, 'f')")
    assert not meet(FRANK, "INSERT INTO books (id, isbn) VALUES (8, 'g')")
    assert not meet("INSERT INTO books (id) VALUES (9)", "INSERT INTO books (id, isbn) VALUES (8, NULL)")
    assert meet(FRANK, "INSERT INTO books (id, isbn) SELECT stock, title FROM books")
    assert meet(FRANK, ("INSERT INTO books (id) VALUES ($1)", "07"))


def test_generated_keys_are_never_equal() -> None:
    """What takes its key from uuidv7(), an identity or a sequence meets no other such INSERT; a key given may."""
    order = "INSERT INTO orders (customer_id) VALUES (1)"
    assert not meet(order, order)
    assert not meet("INSERT INTO counted (n) VALUES (1)", "INSERT INTO counted (n) VALUES (1)")
    assert not meet("INSERT INTO numbered (n) VALUES (1)", "INSERT INTO numbered (id, n) VALUES (DEFAULT, 1)")
    assert meet("INSERT INTO numbered (n) VALUES (1)", "INSERT INTO numbered (id, n) VALUES (3, 1)")


def test_on_conflict_depends_on_the_other_insert() -> None:
    """ON CONFLICT waits for, and then reads, the row of an equal key; its change locks that row."""
    claim = "INSERT INTO keys (customer_id, key) VALUES (1, 'k') ON CONFLICT DO NOTHING"
    other = "INSERT INTO keys (customer_id, key) VALUES (2, 'k') ON CONFLICT DO NOTHING"
    upsert = (
        "INSERT INTO keys (customer_id, key, response) VALUES (1, 'k', 'r') "
        "ON CONFLICT (customer_id, key) DO UPDATE SET response = excluded.response"
    )
    assert meet(claim, claim)
    assert end_meets(claim, claim)
    assert not meet(claim, other)
    assert meet(upsert, "SELECT 1 FROM keys WHERE customer_id = 1 FOR UPDATE")
    assert meet(upsert, "UPDATE keys SET response = '' WHERE customer_id = 1 AND key = 'k'")
    assert not meet(upsert, "UPDATE keys SET response = '' WHERE customer_id = 1 AND key = 'l'")


def test_an_insert_waits_for_who_changes_a_row_of_its_key() -> None:
    """A new row of an equal key waits for an UPDATE or DELETE of the old one, and meets its end."""
    assert meet(FRANK, "DELETE FROM books WHERE id = 7")
    assert meet(FRANK, "UPDATE books SET stock = 1 WHERE id = 7")
    assert end_meets("DELETE FROM keys WHERE customer_id = 1", "INSERT INTO keys (customer_id, key) VALUES (1, 'k')")
    assert not meet("DELETE FROM keys WHERE customer_id = 1", "INSERT INTO keys (customer_id, key) VALUES (2, 'k')")


def test_rows_excluded_by_an_operator_meet_where_they_are_equal() -> None:
    """An exclusion constraint keeps apart rows that are equal in its equality columns."""
    booking = "INSERT INTO bookings (id, room, during) VALUES ({}, {}, '[1,2)')"
    assert meet(booking.format(1, 1), booking.format(2, 1))
    assert not meet(booking.format(1, 1), booking.format(2, 2))


def test_a_later_predicate_does_not_see_an_uncommitted_insert() -> None:
    """An INSERT meets a predicate's UPDATE, DELETE or locking read only when it is committed, where rows may match."""
    give = "INSERT INTO audit (note) VALUES ('new')"
    for take in (
        "UPDATE audit SET note = 'x' WHERE note = 'new'",
        "SELECT id FROM audit WHERE note = 'new' FOR UPDATE",
    ):
        assert not meet(give, take)
        assert end_meets(give, take)
    assert not end_meets(give, "SELECT id FROM audit WHERE note = 'old'")


def test_lines_of_two_orders_are_independent() -> None:
    """Single-row inserts of lines of different orders commute; KEY SHARE locks on a common book do too."""
    mine, theirs = (LINE, ONE, "1", "5"), (LINE, TWO, "1", "5")
    assert not meet(mine, theirs)
    assert not end_meets(mine, theirs)
    assert meet(mine, (LINE, ONE.upper(), "1", "6"))


def test_many_rows_of_one_insert_are_told_apart() -> None:
    """Lines sent as SQLAlchemy sends many rows have their keys, and so do rows of one VALUES."""
    many = (
        "INSERT INTO order_lines (order_id, position, book_id) SELECT p0::UUID, p1::INTEGER, p2::INTEGER FROM "
        "(VALUES ($1,$2,$3,0), ($4,$5,$6,1)) AS imp_sen(p0, p1, p2, sen_counter) ORDER BY sen_counter RETURNING 1"
    )
    assert not meet((many, ONE, "1", "5", ONE, "2", "5"), (LINE, TWO, "1", "5"))
    assert meet((many, ONE, "1", "5", TWO, "1", "5"), (LINE, TWO, "1", "5"))
    values = "INSERT INTO keys (customer_id, key) VALUES (1, 'a'), (2, 'b')"
    assert meet(values, "INSERT INTO keys (customer_id, key) VALUES (2, 'b')")
    assert not meet(values, "INSERT INTO keys (customer_id, key) VALUES (2, 'a')")
    rows = ", ".join(f"(1, 'k{number}')" for number in range(100))
    assert meet(f"INSERT INTO keys (customer_id, key) VALUES {rows}", "INSERT INTO keys VALUES (1, 'q')")
    assert not meet(f"INSERT INTO keys (customer_id, key) VALUES {rows}", "INSERT INTO keys VALUES (2, 'q')")


# foreign keys


def test_a_child_meets_its_parents_removal() -> None:
    """An INSERT of a child and a DELETE of its parent are dependent, both ways and at the end."""
    child, remove = "INSERT INTO orders (customer_id) VALUES (1)", "DELETE FROM customers WHERE id = 1"
    assert meet(child, remove)
    assert end_meets(child, remove)
    assert end_meets(remove, child)
    assert meet(child, "UPDATE customers SET id = 2 WHERE id = 1")
    assert not meet(child, "DELETE FROM customers WHERE id = 2")
    assert not meet("INSERT INTO orders (customer_id) VALUES (NULL)", "DELETE FROM customers")
    assert meet("UPDATE orders SET customer_id = 1", remove)
    assert end_meets("INSERT INTO customers (id) VALUES (1)", child)


def test_a_child_does_not_meet_other_changes_of_its_parent() -> None:
    """A foreign key's check does not look at what is no key."""
    child, rename = "INSERT INTO orders (customer_id) VALUES (1)", "UPDATE customers SET name = 'x' WHERE id = 1"
    assert not meet(child, rename)
    assert not end_meets(rename, child)
    assert not end_meets(child, rename)


def test_a_parents_removal_reads_its_children() -> None:
    """Without an action a DELETE of a parent depends on the COMMIT that adds, changes or removes a child."""
    assert end_meets("UPDATE orders SET customer_id = 1 WHERE customer_id = 2", "DELETE FROM customers WHERE id = 1")
    assert not end_meets("DELETE FROM orders WHERE customer_id = 2", "DELETE FROM customers WHERE id = 1")


def test_cascades_reach_the_childrens_children() -> None:
    """CASCADE and SET NULL change the children, closed over what refers to them in turn."""
    remove = f"DELETE FROM orders WHERE id = '{ONE}'"
    assert meet(remove, (LINE, ONE, "1", "1"))
    assert meet(remove, ("UPDATE order_lines SET quantity = 2 WHERE order_id = $1", ONE))
    assert not meet(remove, ("UPDATE order_lines SET quantity = 2 WHERE order_id = $1", TWO))
    assert meet(remove, ("UPDATE slips SET note = '' WHERE order_id = $1", ONE))
    assert end_meets(remove, "SELECT count(*) FROM slips WHERE order_id IS NULL")
    assert meet(remove, ("UPDATE returns SET id = 3 WHERE order_id = $1", ONE))
    assert end_meets(remove, "SELECT count(*) FROM returns")
    assert not end_meets(remove, ("SELECT count(*) FROM order_lines WHERE order_id = $1", TWO))
    assert meet("UPDATE books SET isbn = 'z' WHERE isbn = 'a'", "UPDATE reviews SET id = 3 WHERE book_isbn = 'a'")


# triggers, functions, views


def test_a_trigger_touches_what_its_function_mentions() -> None:
    """What a trigger's function mentions is changed with the table."""
    assert meet("INSERT INTO audited VALUES (1, 'x')", "UPDATE audit SET note = ''")
    assert end_meets("INSERT INTO audited VALUES (1, 'x')", "SELECT note FROM audit")
    assert not meet("INSERT INTO audited VALUES (1, 'x')", SELL)


def test_a_trigger_that_sets_a_column_moves_rows() -> None:
    """A row trigger may set what the statement does not; rows are still told apart by the other columns."""
    save = "UPDATE vers SET title = 'x' WHERE id = 1 AND version = 1"
    assert end_meets(save, "SELECT id FROM vers WHERE version = 2")
    assert not end_meets(save, "SELECT id FROM vers WHERE id = 2")
    assert end_meets("INSERT INTO vers VALUES (1, 'x', 1)", "SELECT id FROM vers WHERE version = 2")


def test_what_a_function_does_counts() -> None:
    """A submission's function touches what its body mentions; one that only computes touches nothing."""
    assert meet("SELECT spend(1)", SELL)
    assert not meet("SELECT double(3)", SELL)
    assert not meet("SELECT similarity(title, 'x') FROM books", SELL)


def test_a_view_is_its_tables() -> None:
    """A view reads its tables, through other views too."""
    assert end_meets(SELL, "SELECT title FROM cheap")
    assert end_meets(SELL, "SELECT id FROM cheaper WHERE id = 3")
    assert not end_meets("UPDATE customers SET name = ''", "SELECT title FROM cheap")


# statements of many parts


@pytest.mark.parametrize(
    ("statement", "reads", "writes"),
    [
        ("INSERT INTO slips (id) SELECT id FROM customers", "customers", "slips"),
        ("UPDATE slips SET note = c.name FROM customers c WHERE c.id = slips.id", "customers", "slips"),
        ("DELETE FROM slips USING customers c WHERE c.id = slips.id", "customers", "slips"),
        (
            "WITH gone AS (DELETE FROM slips RETURNING id) SELECT name FROM customers JOIN gone USING (id)",
            "customers",
            "slips",
        ),
        ("MERGE INTO slips USING customers c ON c.id = slips.id WHEN MATCHED THEN DELETE", "customers", "slips"),
        ("DELETE FROM slips WHERE id IN (SELECT id FROM customers) RETURNING note", "customers", "slips"),
        ("UPDATE slips SET note = (SELECT max(name) FROM customers)", "customers", "slips"),
        ("INSERT INTO slips (id) VALUES (1) RETURNING (SELECT count(*) FROM customers)", "customers", "slips"),
        ("WITH slips AS (SELECT 1) UPDATE slips SET note = (SELECT name FROM customers)", "customers", "slips"),
        ("SELECT 1 WHERE EXISTS (SELECT FROM customers) UNION ALL SELECT spend(2)", "customers", "books"),
        ("TABLE customers", "customers", ""),
    ],
)
def test_every_part_of_a_statement_counts(statement: str, reads: str, writes: str) -> None:
    """What any part of a statement reads or writes is dependent with another's COMMIT, or with another's write."""
    assert end_meets(f"DELETE FROM {reads}", statement)
    if writes:
        assert meet(f"DELETE FROM {writes}", statement)
        assert end_meets(statement, f"SELECT 1 FROM {writes}")
    assert not end_meets("UPDATE vers SET title = ''", statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE books ADD pages int",
        "DO $$ BEGIN END $$",
        "CALL restock()",
        "SELECT pg_snapshot_xmin(pg_current_snapshot())",
        "SELECT * FROM pg_locks",
        "SELECT unheard_of(1)",
        "SELECT native()",
        'SELECT "Lower"(title) FROM books',
        "SELECT * FROM elsewhere",
        "SELECT * FROM other.books",
        "SELECT * FROM parts",
        "SELECT * INTO TEMP slips FROM books",
        "SELECT 1; DELETE FROM books",
        "EXPLAIN ANALYZE DELETE FROM books",
        "EXECUTE plan (1)",
        "FETCH 5 FROM pages",
        "UPDATE cheap SET title = ''",
        "INSERT INTO dark VALUES (1)",
        "SELECT pg_logical_emit_message(true, 'a', 'b')",
        "SELECT 1 /* a /* nested */ comment */",
        "UPDATE books SET unknown = 1",
        "SELECT 'x" + "y" * 20_000 + "'",
        "no SQL at all",
    ],
)
def test_what_is_not_understood_depends_on_everything(statement: str) -> None:
    """A statement that is not understood wholly is dependent with every other of the same service."""
    footprint = begun().would(statement)
    assert footprint.opaque
    assert dependent(footprint, begun().would("SELECT 1"))
    assert not dependent(footprint, Footprint(service="redis"))
    connection = begun()
    connection.say(statement)
    assert dependent(connection.would("COMMIT"), begun().would(ROW))


def test_functions_that_rest_on_nobody_are_pure() -> None:
    """The clock, the transaction's time, random values, new ids and the catalogue's tables depend on nobody."""
    text = (
        "SELECT now(), clock_timestamp(), random(), gen_random_uuid(), uuidv7(), coalesce(max(stock), 0), "
        "extract(epoch FROM current_timestamp), cast('1' AS char(3)), json_agg(title ORDER BY id) FILTER (WHERE true),"
        "row_number() OVER (ORDER BY id), array(SELECT 1), current_setting('app.shop'), lower(trim('x' FROM title)) "
        "FROM books JOIN pg_class ON true GROUP BY 1"
    )
    assert not begun().would(text).opaque


# ends


def test_an_autocommitted_statement_ends_its_transaction() -> None:
    """Without BEGIN a statement shows at once what it wrote."""
    alone = Connection()
    assert dependent(alone.would(SELL), begun().would(ROW))
    assert dependent(alone.would(SELL), alone.would(ROW))
    assert not dependent(alone.would(SELL), alone.would("SELECT stock FROM books WHERE id = 2"))


def test_a_rollback_to_a_savepoint_lets_go_of_what_came_after_it() -> None:
    """ROLLBACK TO meets who waits for what was locked since, and nobody else; COMMIT then shows the rest."""
    connection = begun(SELL, "SAVEPOINT s", SELL_OTHER)
    back = connection.say("ROLLBACK TO SAVEPOINT s")
    assert dependent(back, begun().would(SELL_OTHER))
    assert not dependent(back, begun().would(SELL))
    assert not dependent(back, begun().would("SELECT sum(stock) FROM books"))
    assert dependent(connection.would("COMMIT"), begun().would(SELL))
    assert not dependent(connection.would("COMMIT"), begun().would(SELL_OTHER))


def test_two_commits_are_independent() -> None:
    """Two COMMITs of what did not meet commute, unless deferred constraints or SERIALIZABLE decide at them."""
    assert not dependent(begun(SELL).would("COMMIT"), begun(SELL_OTHER).would("COMMIT"))
    late = begun("INSERT INTO loose VALUES (1, 1)").would("COMMIT")
    assert dependent(late, begun("INSERT INTO loose VALUES (2, 2)").would("COMMIT"))
    assert not dependent(late, begun(SELL).would("COMMIT"))
    strict = [begun(text, begin=SERIALIZABLE).would("COMMIT") for text in (SELL, "UPDATE customers SET name = ''")]
    assert dependent(*strict)


def test_deferred_constraints_are_looked_at_by_commit() -> None:
    """COMMIT, and SET CONSTRAINTS, depend on what others do to a key that is checked late."""
    connection = begun("INSERT INTO loose VALUES (1, 1)")
    other = begun().would("INSERT INTO loose VALUES (2, 1)")
    assert dependent(connection.would("SET CONSTRAINTS ALL IMMEDIATE"), other)
    assert dependent(connection.would("COMMIT"), other)
    assert Access("unique public.loose loose_k", Mode.EXCLUSIVE, ("k=1",)) in connection.would("COMMIT").accesses
    assert not dependent(begun(SELL).would("SET CONSTRAINTS ALL IMMEDIATE"), other)


def test_a_failed_step_lets_go_at_once() -> None:
    """When a statement fails the server undoes the transaction then, not at the ROLLBACK that follows."""
    connection = begun(SELL)
    failed = connection.say("INSERT INTO keys (customer_id, key) VALUES (1, 'k')", error="23505")
    assert failed.ends
    assert dependent(failed, begun().would(SELL))
    assert not dependent(failed, begun().would(ROW))
    assert not dependent(connection.would("ROLLBACK"), begun().would(SELL))


# snapshots


def test_the_first_statement_above_read_committed_takes_the_snapshot() -> None:
    """It depends on every COMMIT that wrote, and later statements only on what they touch."""
    commit = begun(SELL).would("COMMIT")
    connection = begun(begin=REPEATABLE)
    assert dependent(connection.would("SELECT 1"), commit)
    assert not dependent(connection.would("SELECT 1"), begun(ROW + " FOR UPDATE").would("COMMIT"))
    assert not dependent(connection.would("SELECT 1"), begun(SELL).would("ROLLBACK"))
    connection.say("SELECT 1")
    assert not dependent(connection.would("SELECT 1"), commit)
    assert dependent(connection.would(SELL), commit)
    assert not dependent(begun().would("SELECT 1"), commit)


def test_the_default_isolation_counts() -> None:
    """A role or database whose transactions are REPEATABLE READ by default takes snapshots too."""
    assert begun(shop=catalogue("repeatable read")).would("SELECT 1").snapshot
    assert begun(shop=catalogue("serializable")).would("SELECT 1").serializable


def test_under_serializable_a_read_and_a_write_meet() -> None:
    """Reads and writes of SERIALIZABLE transactions are dependent before any COMMIT, whichever rows they mean."""
    one, other = begun(begin=SERIALIZABLE), begun(begin=SERIALIZABLE)
    assert dependent(one.would(ROW), other.would(SELL))
    assert dependent(one.would(SELL), other.would(SELL_OTHER))
    assert not dependent(one.would(ROW), other.would("SELECT count(*) FROM books"))
    assert not dependent(one.would(ROW), begun(begin=REPEATABLE).would(SELL))
    one.say(ROW)
    assert dependent(one.would("COMMIT"), other.would(ROW))


def test_a_serializable_transaction_that_wrote_is_met_by_every_step() -> None:
    """After its write another's read may doom it, so that even reads are dependent."""
    one, other = begun(SELL, begin=SERIALIZABLE), begun(begin=SERIALIZABLE)
    assert dependent(one.would("SELECT name FROM customers"), other.would("SELECT name FROM customers"))


# advisory locks and sequences


def test_advisory_locks_meet_by_key() -> None:
    """Taking, trying and letting go of one lock are dependent; shared ones commute, and so do different keys."""
    take = "SELECT pg_advisory_xact_lock(42)"
    assert meet(take, "SELECT pg_try_advisory_lock(42::BIGINT)")
    assert meet(take, ("SELECT pg_try_advisory_xact_lock($1::BIGINT)", "42"))
    assert not meet(take, "SELECT pg_advisory_lock(43)")
    assert meet(take, "SELECT pg_advisory_lock_shared(42)")
    assert meet(take, "SELECT pg_advisory_unlock(42)")
    assert meet(take, "SELECT pg_advisory_unlock_all()")
    assert meet(take, "SELECT pg_advisory_lock(id) FROM books")
    assert meet(take, ("SELECT pg_advisory_xact_lock(hashtext($1))", "42"))
    assert not meet("SELECT pg_advisory_xact_lock_shared(1)", "SELECT pg_try_advisory_lock_shared(1)")
    assert not meet("SELECT pg_advisory_xact_lock(1, 2)", "SELECT pg_advisory_xact_lock(1, 3)")
    hashed = "SELECT pg_advisory_xact_lock(hashtextextended('order:' || $1::VARCHAR, 0))"
    assert meet((hashed, "a"), (hashed, "a"))
    assert not meet((hashed, "a"), (hashed, "b"))
    assert meet(("SELECT pg_advisory_lock($1 % 10)", "1"), ("SELECT pg_advisory_lock($1 % 10)", "2"))


def test_a_transactions_advisory_lock_goes_with_it() -> None:
    """COMMIT and ROLLBACK let go of a transaction's locks; a session's locks outlive them."""
    other = "SELECT pg_try_advisory_lock(42)"
    for end in ("COMMIT", "ROLLBACK"):
        assert end_meets("SELECT pg_advisory_xact_lock(42)", other, end=end)
        assert not end_meets("SELECT pg_advisory_lock(42)", other, end=end)


def test_nextval_commutes_and_setval_does_not() -> None:
    """Two that draw from a sequence get what they get; one that sets it, or looks at it, is dependent with them."""
    draw = "SELECT nextval('numbers')"
    assert not meet(draw, draw)
    assert not meet(draw, "INSERT INTO numbered (n) VALUES (1)")
    assert meet("INSERT INTO counted (n) VALUES (1)", "SELECT setval('numbers', 7)")
    assert meet(draw, "SELECT last_value FROM numbers")


# other services


def test_services_are_independent_of_each_other() -> None:
    """A step of one service never depends on one of another; calls to the outside depend on each other."""
    call = Footprint(frozenset({Access("http", Mode.EXCLUSIVE)}), service="http")
    assert dependent(call, call)
    assert not dependent(call, Footprint(opaque=True, service="redis"))


def test_keys_are_one_unless_a_column_differs() -> None:
    """Two keys may be one row unless a column that both know has two values."""
    assert may_be_one(None, ("id=1",))
    assert may_be_one(("id=1",), ("isbn=x",))
    assert may_be_one(("id=1", "isbn=x"), ("id=1",))
    assert not may_be_one(("id=1", "isbn=x"), ("id=2", "isbn=x"))
    assert not may_be_one(("note",), ("note=new",))
    assert not may_be_one(("note==",), ("note=",))
