"""What a connection's transaction holds, and what its next step would touch."""

from __future__ import annotations

import pytest

from grader.explore.independence import dependent
from grader.explore.session import Session
from grader.explore.values import Footprint, Mode, Step
from grader.tests.explore.bookshop import SHOP, Connection, begun, catalogue, noise
from grader.wire import Category

ROW = "SELECT stock FROM books WHERE id = 1"
SELL = "UPDATE books SET stock = stock - 1 WHERE id = 1"
SELL_OTHER = "UPDATE books SET stock = stock - 1 WHERE id = 2"
FAIL = "INSERT INTO keys (customer_id, key) VALUES (1, 'k')"


def published(footprint: Footprint) -> set[str]:
    """Return the tables whose changes an end shows."""
    return {a.thing.partition(" ")[2] for a in footprint.published if a.thing.startswith("table ") and a.mode > 2}


def isolation(*said: str, shop: str = "read committed") -> str:
    """Return the isolation that the next statement has after these."""
    footprint = Connection(catalogue(shop), *said).would("SELECT 1")
    if footprint.serializable:
        return "serializable"
    return "repeatable read" if footprint.snapshot else "read committed"


@pytest.mark.parametrize(
    ("said", "level"),
    [
        (("BEGIN",), "read committed"),
        (("BEGIN ISOLATION LEVEL REPEATABLE READ",), "repeatable read"),
        (("START TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE",), "serializable"),
        (("begin transaction isolation level  repeatable\n read;",), "repeatable read"),
        (("BEGIN", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), "serializable"),
        (("BEGIN", "SET transaction_isolation = 'repeatable read'"), "repeatable read"),
        (("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN"), "repeatable read"),
        (("SET default_transaction_isolation TO 'serializable'", "BEGIN"), "serializable"),
        (("SET SESSION default_transaction_isolation TO serializable", "BEGIN"), "serializable"),
        (("SET default_transaction_isolation = serializable", "RESET ALL", "BEGIN"), "read committed"),
        (("SET default_transaction_isolation = serializable", "DISCARD ALL", "BEGIN"), "read committed"),
        (("BEGIN ISOLATION LEVEL SERIALIZABLE", "COMMIT", "BEGIN"), "read committed"),
        (("BEGIN", "SET default_transaction_isolation = serializable", "ROLLBACK", "BEGIN"), "read committed"),
        (("BEGIN ISOLATION LEVEL REPEATABLE READ", "COMMIT AND CHAIN"), "repeatable read"),
        (("BEGIN ISOLATION LEVEL READ UNCOMMITTED",), "read committed"),
    ],
)
def test_isolation_is_followed(said: tuple[str, ...], level: str) -> None:
    """The isolation of a transaction comes from its BEGIN, from SET, or from the session's default."""
    assert isolation(*said) == level


def test_defaults_of_the_database_and_the_connection_count() -> None:
    """A connection begins with the catalogue's isolation, unless it was opened with another."""
    assert isolation("BEGIN", shop="serializable") == "serializable"
    assert isolation("BEGIN", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", shop="serializable") == "read committed"
    opened = Session(SHOP, {"default_transaction_isolation": "repeatable read"})
    opened.noticed(noise("BEGIN"))
    assert opened.footprint(Step("A", 1, "postgres", ("SELECT 1",), ((),), Category.STATEMENT)).snapshot


def test_only_the_first_step_takes_the_snapshot() -> None:
    """COMMIT takes none, and neither does a step after the first."""
    connection = begun(begin="BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert not connection.would("COMMIT").snapshot
    assert connection.say(ROW).snapshot
    assert not connection.would(SELL).snapshot


@pytest.mark.parametrize(
    "said",
    [
        "SET search_path TO other",
        "SET ROLE nobody",
        "SET SESSION AUTHORIZATION nobody",
        "SET LOCAL session_replication_role = 'replica'",
        "SET TRANSACTION SNAPSHOT '00000003-1'",
        "SELECT set_config('search_path', 'other', false)",
        "SELECT set_config($1, 'other', false)",
    ],
)
def test_settings_that_change_what_texts_mean_make_a_session_opaque(said: str) -> None:
    """After them nobody knows what a statement touches."""
    assert begun(said).would(ROW).opaque


def test_harmless_settings_change_nothing() -> None:
    """Other settings, and the default search path said aloud, leave a session as it was."""
    connection = begun("SET LOCAL lock_timeout = '1s'", "SET TIME ZONE 'UTC'", "SET search_path TO public")
    assert not connection.would(ROW).opaque
    assert not begun("SELECT set_config('app.shop', '7', true)").would(ROW).opaque
    assert not Connection(SHOP, "SET search_path TO other", "RESET search_path").would(ROW).opaque


def test_what_was_set_for_a_transaction_ends_with_it() -> None:
    """SET LOCAL is over after COMMIT."""
    connection = begun("SET LOCAL search_path TO other")
    connection.say("COMMIT")
    assert not connection.would(ROW).opaque


def test_commit_shows_all_and_rollback_nothing() -> None:
    """COMMIT publishes what every statement of the transaction wrote; ROLLBACK only lets go."""
    connection = begun(SELL, "DELETE FROM customers")
    assert published(connection.would("COMMIT")) >= {"public.books", "public.customers"}
    assert published(connection.would("ROLLBACK")) == set()
    assert connection.would("ROLLBACK").published
    connection.say("COMMIT")
    assert published(connection.would("COMMIT")) == set()


def test_savepoints_are_levels() -> None:
    """ROLLBACK TO undoes what came after the savepoint; RELEASE makes it part of what is around it."""
    connection = begun(SELL, "SAVEPOINT a", "DELETE FROM customers", 'SAVEPOINT "B"', "UPDATE vers SET title = ''")
    assert published(connection.would("COMMIT")) >= {"public.books", "public.customers", "public.vers"}
    assert "rows public.customers" in {a.thing for a in connection.would("ROLLBACK TO a").published}
    assert {a.thing for a in connection.would('ROLLBACK TO SAVEPOINT "B"').published} >= {"rows public.vers"}
    connection.say('RELEASE SAVEPOINT "B"')
    connection.say("ROLLBACK TO a")
    assert published(connection.would("COMMIT")) == {"public.books"}
    connection.say("DELETE FROM slips")
    connection.say("RELEASE a")
    assert published(connection.would("COMMIT")) == {"public.books", "public.slips"}
    again = begun("SAVEPOINT s", SELL, "SAVEPOINT s", FAIL).would("ROLLBACK TO s")
    assert "rows public.books" not in {a.thing for a in again.published}


def test_an_error_in_a_transaction_ends_what_it_held() -> None:
    """The failing step lets go of all; statements are refused until the rollback, and COMMIT is one."""
    connection = begun(SELL)
    failed = connection.say(FAIL, error="23505")
    assert failed.ends
    assert {a.thing for a in failed.published} >= {"rows public.books"}
    assert published(failed) == set()
    assert connection.would(SELL_OTHER) == Footprint()
    assert connection.would("COMMIT").published == frozenset()
    connection.say("ROLLBACK")
    assert not connection.session.in_transaction


def test_an_error_after_a_savepoint_ends_what_came_since() -> None:
    """The failing step lets go of what the savepoint's part held; what came before lasts."""
    connection = begun(SELL, "SAVEPOINT s", SELL_OTHER)
    failed = connection.say(FAIL, error="23505")
    assert dependent(failed, begun().would(SELL_OTHER))
    assert not dependent(failed, begun().would(SELL))
    assert dependent(connection.would("ROLLBACK"), begun().would(SELL))
    assert published(connection.would("COMMIT")) == set()
    connection.say("ROLLBACK TO SAVEPOINT s")
    assert published(connection.would("COMMIT")) == {"public.books"}
    assert not dependent(connection.would("COMMIT"), begun().would(SELL_OTHER))


def test_an_autocommitted_error_holds_nothing() -> None:
    """Outside a transaction a failed statement leaves nothing behind."""
    connection = Connection()
    connection.say(FAIL, error="23505")
    assert connection.would("COMMIT").published == frozenset()


def test_a_change_of_no_row_shows_nothing() -> None:
    """An UPDATE that met no row is no write to those who read; a row that it waited for it may still hold."""
    connection = begun()
    idle = connection.say("UPDATE books SET version = 3 WHERE id = 1 AND version = 2", rows=0)
    assert not any(a.mode is Mode.CHANGE for a in idle.accesses if a.thing.startswith("table "))
    commit = connection.would("COMMIT")
    assert not dependent(commit, begun().would(ROW))
    assert not dependent(commit, begun(begin="BEGIN ISOLATION LEVEL REPEATABLE READ").would("SELECT 1"))
    assert dependent(commit, begun().would(SELL))
    claimed = begun()
    claimed.say(f"{FAIL} ON CONFLICT DO NOTHING", rows=0)
    assert claimed.would("COMMIT").published == frozenset()
    assert published(begun(SELL).would("COMMIT")) == {"public.books"}


def test_what_is_noticed_while_a_step_is_under_way_comes_after_it() -> None:
    """The next BEGIN may be seen before anybody said that the COMMIT had been run."""
    session = Session(SHOP)
    session.noticed(noise("BEGIN"))
    sell = Step("A", 1, "postgres", (SELL,), ((),), Category.STATEMENT)
    session.footprint(sell)
    session.took(sell, error=None, status="T")
    commit = Step("A", 2, "postgres", ("COMMIT",), ((),), Category.COMMIT)
    session.footprint(commit)
    session.noticed(noise("BEGIN ISOLATION LEVEL REPEATABLE READ"))
    assert published(session.took(commit, error=None, status="T")) == {"public.books"}
    assert session.footprint(Step("A", 3, "postgres", (ROW,), ((),), Category.STATEMENT)).snapshot


def test_the_server_has_the_last_word_on_whether_a_transaction_is_open() -> None:
    """Where the texts did not tell, the status after a step does."""
    session = begun(SELL).session
    step = Step("A", 9, "postgres", (ROW,), ((),), Category.STATEMENT)
    session.took(step, error=None, status="I")
    assert not session.in_transaction
    session.took(step, error=None, status="T")
    assert session.in_transaction
    assert session.footprint(Step("A", 10, "postgres", ("COMMIT",), ((),), Category.COMMIT)).opaque


def test_a_connection_at_rest_has_no_transaction() -> None:
    """`rest` forgets what a run left behind."""
    connection = begun(SELL)
    connection.session.rest()
    assert not connection.session.in_transaction
    assert connection.would(ROW).ends


def test_several_statements_of_one_step_count_together() -> None:
    """A step of several statements touches what each of them does; with a COMMIT among them it shows it all."""
    session = begun().session
    both = Step("A", 1, "postgres", (SELL, FAIL, "COMMIT"), ((), (), ()), Category.STATEMENT)
    assert published(session.footprint(both)) == {"public.books", "public.keys"}
    session.took(both, error=None, status="I")
    assert not session.in_transaction
    alone = Session(SHOP).footprint(Step("A", 1, "postgres", (SELL, FAIL), ((), ()), Category.STATEMENT))
    assert alone.ends
    assert published(alone) == {"public.books", "public.keys"}


def test_copy_makes_the_end_opaque() -> None:
    """COPY FROM passes unseen, so that the COMMIT after it may show anything."""
    assert begun("COPY books FROM STDIN").would("COMMIT").opaque
    assert not begun("COPY books TO STDOUT").would("COMMIT").opaque


def test_notifications_are_ordered_by_commits() -> None:
    """Two transactions that notify meet at their COMMITs."""
    commits = [begun("SELECT pg_notify('shop', 'x')").would("COMMIT") for _ in range(2)]
    assert dependent(*commits)


def test_a_redis_transaction_is_its_exec() -> None:
    """EXEC touches what was queued and what is watched."""
    connection = Connection()
    connection.take_redis("WATCH cart:1")
    connection.notice_redis("MULTI")
    connection.notice_redis("SET cart:2", "x")
    assert {a.key for a in connection.would_redis("EXEC").accesses} == {("key=cart:1",), ("key=cart:2",)}
    connection.take_redis("EXEC")
    connection.notice_redis("MULTI")
    assert connection.would_redis("EXEC").opaque
    connection.notice_redis("DISCARD")
    assert {a.key for a in connection.would_redis("GET a").accesses} == {("key=a",)}


def test_calls_outside_depend_on_each_other() -> None:
    """Two calls of the gateway are dependent."""
    call = Step("A", 1, "http", ("POST /charges",), (("{}",),), Category.STATEMENT)
    footprint = Session(SHOP).footprint(call)
    assert dependent(footprint, footprint)
    assert not dependent(footprint, begun().would("CREATE TABLE x ()"))


LOCK = "SELECT stock FROM books WHERE id = 1 FOR UPDATE"


@pytest.mark.parametrize(
    ("said", "wanted", "may"),
    [
        (("BEGIN", LOCK), SELL, True),
        (("BEGIN", LOCK), SELL_OTHER, False),
        (("BEGIN", LOCK), ROW, False),
        (("BEGIN", ROW), SELL, False),
        (("BEGIN", LOCK, "COMMIT"), SELL, False),
        (("BEGIN", "SELECT unheard_of(1)"), SELL, True),
    ],
)
def test_what_a_transaction_holds_keeps_others_out(said: tuple[str, ...], wanted: str, *, may: bool) -> None:
    """Another's step may have to wait for what a transaction has locked or written, and for what was not understood."""
    assert Connection(SHOP, *said).session.keeps_out(Connection().would(wanted).accesses) is may


@pytest.mark.parametrize(
    ("said", "wanted", "has"),
    [
        (("BEGIN", LOCK), SELL, True),
        (("BEGIN", LOCK), SELL_OTHER, False),
        (("BEGIN", "SELECT stock FROM books WHERE id = 1 FOR SHARE"), SELL, False),
        (("BEGIN", "SELECT stock FROM books FOR UPDATE"), SELL, False),
        (("BEGIN",), SELL, False),
    ],
)
def test_who_has_a_row_does_not_line_up_for_it(said: tuple[str, ...], wanted: str, *, has: bool) -> None:
    """A transaction has a row where it holds that very row, in the wanted mode or a stronger one."""
    session = Connection(SHOP, *said).session
    accesses = Connection().would(wanted).accesses
    assert all(session.has(access) for access in accesses if not access.thing.startswith("unique")) is has
