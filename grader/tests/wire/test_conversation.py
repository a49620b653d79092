"""Statements are read off the messages of both directions."""

from __future__ import annotations

import struct
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from grader.tests.wire.script import (
    BOUND,
    DESCRIBED,
    FLUSH,
    NO_DATA,
    PARSED,
    ROW,
    SUSPENDED,
    SYNC,
    Scripted,
    bind,
    complete,
    error,
    execute,
    message,
    parse,
    query,
    ready,
    run,
)
from grader.wire import CallSite, Category

ANSWERED = PARSED + BOUND + DESCRIBED


def test_a_simple_query_is_one_statement_and_one_round_trip() -> None:
    """A simple query is one statement and one round trip."""
    talk = Scripted().says(query("SELECT 1 /* katas:app/orders.py:31 */")).hears(DESCRIBED, ROW, complete("SELECT 1"))
    assert not talk.conversation.idle
    talk.hears(ready())
    (statement,) = talk.recorder.statements
    assert (statement.text, statement.command, statement.rows) == ("SELECT 1", "SELECT 1", 1)
    assert statement.site == CallSite("app/orders.py", 31)
    assert statement.done
    assert talk.conversation.idle
    assert talk.recorder.round_trips == 1


def test_a_query_of_several_statements_is_as_many_statements_in_one_round_trip() -> None:
    """A query of several statements is as many statements in one round trip."""
    talk = Scripted().says(query("INSERT INTO a VALUES (';'); SELECT 1;; DELETE FROM a"))
    talk.hears(complete("INSERT 0 1"), DESCRIBED, ROW, complete("SELECT 1"), complete("DELETE 4"), ready())
    found = [(s.text, s.command, s.rows) for s in talk.recorder.statements]
    assert found == [
        ("INSERT INTO a VALUES (';');", "INSERT 0 1", 1),
        ("SELECT 1;", "SELECT 1", 1),
        ("DELETE FROM a", "DELETE 4", 4),
    ]
    assert talk.recorder.round_trips == 1


def test_after_an_error_the_rest_of_a_query_is_skipped() -> None:
    """After an error the rest of a query is skipped."""
    talk = Scripted().says(query("SELECT 1; SELECT 1/0; SELECT 2"))
    talk.hears(DESCRIBED, ROW, complete("SELECT 1"), error("22012", "division by zero"), ready())
    assert [(s.error, s.skipped) for s in talk.recorder.statements] == [(None, False), ("22012", False), (None, True)]
    assert talk.conversation.idle


def test_a_pipeline_is_one_round_trip_of_several_statements() -> None:
    """A pipeline is one round trip of several statements."""
    talk = Scripted().says(run("SELECT 1"), run("SELECT 2"), run("SELECT 3"), SYNC)
    talk.hears(*[ANSWERED + ROW + complete("SELECT 1")] * 3, ready())
    assert [s.rows for s in talk.recorder.statements] == [1, 1, 1]
    assert talk.recorder.round_trips == 1


def test_an_error_in_the_middle_of_a_pipeline_skips_up_to_the_sync() -> None:
    """An error in the middle of a pipeline skips up to the sync."""
    talk = Scripted().says(run("SELECT 1"), run("SELECT x"), run("SELECT 3"), SYNC, run("SELECT 4"), SYNC)
    talk.hears(ANSWERED, ROW, complete("SELECT 1"), error("42703", "no x"), ready())
    talk.hears(ANSWERED, ROW, complete("SELECT 1"), ready())
    assert [(s.error, s.skipped) for s in talk.recorder.statements] == [
        (None, False),
        ("42703", False),
        (None, True),
        (None, False),
    ]
    assert talk.conversation.idle


def test_what_is_sent_after_an_error_and_before_the_sync_is_skipped_too() -> None:
    """What is sent after an error and before the sync is skipped too."""
    talk = Scripted().says(run("SELECT x"), FLUSH).hears(error("42703", "no x"))
    talk.says(run("SELECT 1"), SYNC).hears(ready())
    assert [(s.error, s.skipped) for s in talk.recorder.statements] == [("42703", False), (None, True)]
    assert talk.conversation.idle


def test_a_statement_that_does_not_parse_is_a_statement_with_an_error() -> None:
    """A statement that does not parse is a statement with an error."""
    talk = Scripted().says(parse("SELEC 1", "s"), message("D", b"Ss\0"), FLUSH).hears(error("42601", "syntax error"))
    talk.says(SYNC).hears(ready())
    (statement,) = talk.recorder.statements
    assert (statement.error, statement.error_message) == ("42601", "syntax error")
    assert talk.conversation.idle


def test_prepare_then_execute_as_asyncpg_does_is_one_statement_in_one_round_trip() -> None:
    """Prepare then execute as asyncpg does is one statement, and one round trip beside the preparation."""
    talk = Scripted().says(parse("SELECT $1", "s"), message("D", b"Ss\0"), FLUSH)
    talk.hears(PARSED, message("t", struct.pack("!HI", 1, 23)), DESCRIBED)
    assert talk.conversation.idle
    talk.says(bind(struct.pack("!i", -5), name="s", formats=(1,)), execute(), SYNC)
    talk.hears(BOUND, ROW, complete("SELECT 1"), ready())
    (statement,) = talk.recorder.statements
    assert statement.parameters == ("-5",)
    assert talk.recorder.round_trips == 1


def test_a_parse_alone_and_its_later_use_are_one_statement() -> None:
    """A parse alone and its later use are one statement."""
    talk = Scripted().says(parse("SELECT 1", "p0"), SYNC).hears(PARSED, ready())
    talk.says(bind(name="p0"), message("D", b"P\0"), execute(), SYNC).hears(
        BOUND, DESCRIBED, complete("SELECT 0"), ready()
    )
    talk.says(bind(name="p0"), execute(), SYNC).hears(BOUND, ROW, complete("SELECT 1"), ready())
    assert [(s.text, s.rows) for s in talk.recorder.counted] == [("SELECT 1", 0), ("SELECT 1", 1)]


def test_a_preparation_that_something_else_follows_is_noise() -> None:
    """A preparation that something else follows is noise."""
    talk = Scripted().says(parse("SELECT 1", "s"), SYNC).hears(PARSED, ready())
    talk.says(query("SELECT 2")).hears(complete("SELECT 0"), ready())
    talk.says(bind(name="s"), execute(), SYNC).hears(BOUND, complete("SELECT 0"), ready())
    assert [(s.text, s.category) for s in talk.recorder.statements] == [
        ("SELECT 1", Category.PREPARE),
        ("SELECT 2", Category.STATEMENT),
        ("SELECT 1", Category.STATEMENT),
    ]
    assert len(talk.recorder.counted) == 2


def test_each_batch_of_a_portal_is_a_statement() -> None:
    """Each batch of a portal is a statement."""
    talk = Scripted().says(parse("SELECT i"), bind(portal="c"), execute("c", 2), SYNC)
    talk.hears(PARSED, BOUND, ROW, ROW, SUSPENDED, ready("T"))
    talk.says(execute("c", 2), SYNC).hears(ROW, complete("SELECT 1"), ready("T"))
    assert [(s.rows, s.command) for s in talk.recorder.statements] == [(2, ""), (1, "SELECT 1")]
    assert talk.recorder.round_trips == 2


def test_copy_in_over_the_extended_protocol_ignores_the_sync_it_began_with() -> None:
    """Copy in over the extended protocol ignores the sync it began with."""
    talk = Scripted().says(run("COPY t FROM STDIN"), SYNC).hears(PARSED, BOUND, NO_DATA, message("G", b"\0\0\0"))
    talk.says(message("d", b"1\n"), message("c"), SYNC)
    assert not talk.conversation.idle
    talk.hears(complete("COPY 1"), ready())
    assert talk.conversation.idle
    assert [s.rows for s in talk.recorder.statements] == [1]


def test_an_error_at_the_commit_of_a_sync_belongs_to_the_statement_before_it() -> None:
    """An error at the commit of a sync belongs to the statement before it."""
    talk = Scripted().says(run("INSERT INTO a VALUES (1)"), SYNC)
    talk.hears(PARSED, BOUND, NO_DATA, complete("INSERT 0 1"), error("23503", "deferred"), ready())
    assert [s.error for s in talk.recorder.statements] == ["23503"]
    assert talk.conversation.idle


def test_a_connection_that_ends_leaves_its_statement_with_an_error() -> None:
    """A connection that ends leaves its statement with an error."""
    talk = Scripted().says(query("SELECT 1"))
    talk.conversation.lost()
    assert [s.error for s in talk.recorder.statements] == ["08006"]


def test_rollback_is_noise_unless_its_transaction_wrote_or_locked() -> None:
    """Rollback is noise unless its transaction wrote or locked."""
    talk = Scripted()
    for middle in ("SELECT 1", "SELECT 1 FOR UPDATE", "UPDATE a SET b = 1", "SELECT nextval('s')"):
        for text in ("BEGIN", middle):
            talk.says(query(text)).hears(complete("X"), ready("T"))
        talk.says(query("ROLLBACK")).hears(complete("ROLLBACK"), ready())
    assert [s.noise for s in talk.recorder.statements if s.category is Category.ROLLBACK] == [True, False, False, False]


def test_binary_parameters_of_known_types_are_read() -> None:
    """Binary parameters of known types are read."""
    uuid = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    values = [b"\1", struct.pack("!q", 9), struct.pack("!d", 0.5), uuid.bytes, "ü".encode(), b"\0\1", None]
    oids = (16, 20, 701, 2950, 25, 600, 23)
    talk = Scripted().says(parse("SELECT", "", oids), bind(*values, formats=(1,)), execute(), SYNC)
    assert talk.recorder.statements[0].parameters == ("true", "9", "0.5", str(uuid), "ü", b"\0\1", None)


def test_a_text_longer_than_what_is_held_keeps_its_call_site() -> None:
    """A text longer than what is held keeps its call site."""
    talk = Scripted().says(query("SELECT '" + "x" * 400_000 + "' /* katas:app/a.py:7 */"))
    (statement,) = talk.recorder.statements
    assert len(statement.text) == 10_000
    assert statement.site == CallSite("app/a.py", 7)


def test_what_a_new_connection_asks_before_its_first_statement_is_setup() -> None:
    """What a new connection asks before its first statement is setup."""
    talk = Scripted()
    for text, status in [("BEGIN", "T"), ("select pg_catalog.version()", "T"), ("ROLLBACK", "I"), ("BEGIN", "T")]:
        talk.says(query(text)).hears(complete("X"), ready(status))
    talk.says(query("SELECT title FROM book")).hears(complete("SELECT 0"), ready("T"))
    talk.says(query("COMMIT")).hears(complete("COMMIT"), ready())
    assert [s.setup for s in talk.recorder.statements] == [True, True, True, False, False, False]
    assert talk.recorder.round_trips == 3
    assert talk.recorder.setup_round_trips == 3


anything = st.lists(
    st.tuples(
        st.booleans(),
        st.builds(
            message,
            st.sampled_from("QPBDECSHFcfdX123ntTDCIsGEZRKWvN"),
            st.one_of(
                st.binary(max_size=30), st.sampled_from([b"\0SELECT 1\0\0\0", b"DEALLOCATE ALL\0", b"\0\0\0\0\0\0\0"])
            ),
        ),
    ),
    max_size=40,
)


@given(anything)
def test_nonsense_from_either_side_does_no_harm(said: list[tuple[bool, bytes]]) -> None:
    """Nonsense from either side does no harm, and every statement ends with its connection."""
    talk = Scripted()
    for by_client, data in said:
        if by_client:
            talk.says(data)
            if talk.conversation.steps.pending is not None:
                talk.conversation.release()
        else:
            talk.hears(data)
    talk.conversation.lost()
    assert talk.conversation.idle
