"""A statement as a learner reads it: with its values, without casts and the columns that stay as they were."""

from __future__ import annotations

import pytest

from grader.explore.picture import Scene, moments_of, picture_of_crash
from grader.explore.values import Event, Footprint, Phase, Step
from grader.explore.wording import note_of, text_of
from grader.wire import Statement
from grader.wire.recorder import Result


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("UPDATE books SET stock=$1::INTEGER WHERE books.id = $2::UUID", "UPDATE books SET stock=7 WHERE id=8"),
        ("UPDATE t SET a=$1::INTEGER WHERE a = $2::INTEGER AND b IS NULL", "UPDATE t SET a=7 WHERE a=8 AND b IS NULL"),
        ("UPDATE t SET a=$1::TIMESTAMP WITH TIME ZONE WHERE b = $2::DOUBLE PRECISION", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::TIMESTAMP(6) WITHOUT TIME ZONE WHERE b = $2", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::timestamp WHERE b = $2::character varying(20)", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::NUMERIC(10, 2) WHERE b = $2::BIT VARYING", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1 WHERE b = ANY($2::UUID[]) AND c", "UPDATE t SET a=7 WHERE b=ANY(8) AND c"),
        ("INSERT INTO t (a, b) VALUES ($1::VARCHAR, $2::INTEGER) ON CONFLICT DO NOTHING",
         "INSERT INTO t (a, b) VALUES (7, 8) ON CONFLICT DO NOTHING"),
    ],
)  # fmt: skip
def test_casts_are_left_out_and_nothing_else(sent: str, read: str) -> None:
    """A cast that took the words after it with it would read as `stock=7=8`."""
    statement = Statement(number=1, replica="A", connection=1, service="postgres", text=sent, parameters=("7", "8"))

    assert text_of(statement) == read


def _sent(
    text: str,
    *parameters: str,
    service: str = "postgres",
    command: str = "",
    result: Result | None = None,
) -> Statement:
    return Statement(1, "A", 1, service, text, parameters, rows=1, command=command, result=result)


READ = Result(("title", "stock"), [("Dune", "10")])
SET = Result(("a", "b", "c"), [("2", "5", "9")])
NOON = "2026-01-02 12:00:00+00"
BOTH = "UPDATE books SET title = $1, stock = $2::INTEGER WHERE id = 1"


@pytest.mark.parametrize(
    ("statements", "read"),
    [
        ([_sent("SELECT FROM books", result=READ), _sent(BOTH, "Dune", "13")], "…, stock=13"),
        ([_sent("SELECT FROM books", result=READ), _sent(BOTH, "Emma", "10")], "title='Emma', …"),
        # nothing would be left; read only afterwards; another wrote something else
        ([_sent("SELECT FROM books", result=READ), _sent(BOTH, "Dune", "10")], "title='Dune', stock=10"),
        ([_sent(BOTH, "Dune", "13"), _sent("SELECT FROM books", result=READ)], "title='Dune', stock=13"),
        ([_sent("SELECT FROM books", result=READ), _sent(BOTH, "Emma", "12"), _sent(BOTH, "Dune", "10")],
         "title='Dune', stock=10"),
        ([_sent("SELECT FROM books", result=READ), _sent(BOTH + " RETURNING title", "Dune", "11",
                                              result=Result(("title",), [("Dune",)]))], "…, stock=11"),
        ([_sent(BOTH + " RETURNING title, stock", "Dune", "10", result=READ)], "title='Dune', stock=10"),
        ([_sent("SELECT FROM titles", result=READ), _sent(BOTH, "Dune", "13")], "title='Dune', stock=13"),
        ([_sent("SELECT FROM books JOIN titles", result=READ), _sent(BOTH, "Dune", "13")], "title='Dune', stock=13"),
        # an answer from outside is no column
        ([_sent("GET /", result=READ, service="http"), _sent(BOTH, "Dune", "13")], "title='Dune', stock=13"),
    ],
)  # fmt: skip
def test_what_stays_as_it_was_read_is_left_out(statements: list[Statement], read: str) -> None:
    """An UPDATE of a whole row shows the columns to which it gives something else than was read before it."""
    drawn = picture_of_crash(Scene("", ("A",)), statements, None, "").moments
    update = [moment.text for moment in drawn if moment.text.startswith("UPDATE")][-1]
    assert update.removeprefix("UPDATE books SET ").removesuffix(" WHERE id=1") == read


@pytest.mark.parametrize(("order", "read"), [("AB", "…, stock=13"), ("BA", "title='Dune', stock=13")])
def test_what_was_read_before_is_what_the_schedule_let_be_read_before(order: str, read: str) -> None:
    """Statements stand at their gates in any order; what counts is the order in which they were let go."""
    sent = {"B": _sent(BOTH, "Dune", "13"), "A": _sent("SELECT FROM books", result=READ)}
    steps = {
        name: Step(name, 1, "postgres", (one.text,), (one.parameters,), one.category) for name, one in sent.items()
    }
    scene = Scene("", ("A", "B"), {steps[name]: (one,) for name, one in sent.items()})
    drawn = moments_of(scene, [Event(steps[name], Phase.WHOLE, Footprint(frozenset())) for name in order])
    assert drawn[order.index("B")].text == f"UPDATE books SET {read} WHERE id=1"  # noqa: S608 -- as it is shown


@pytest.mark.parametrize(
    ("other", "read"),
    [
        ("UPDATE books SET stock = 1", "SELECT … WHERE id=1 FOR UPDATE SKIP LOCKED"),
        ("UPDATE orders SET stock = 1", "SELECT … FROM books WHERE id=1 FOR UPDATE SKIP LOCKED"),
    ],
)
def test_a_table_is_named_where_there_are_several(other: str, read: str) -> None:
    """Where all statements are of one table, what is read is told without it."""
    lock = _sent("SELECT books.id, books.stock FROM books WHERE books.id = 1 FOR UPDATE SKIP LOCKED")
    drawn = picture_of_crash(Scene("", ("A",)), [lock, _sent(other)], None, "").moments
    assert drawn[0].text == read


@pytest.mark.parametrize(
    ("statement", "note"),
    [
        (_sent("INSERT", "Dune", command="INSERT 0 1", result=Result(("title", "at"), [("Dune", NOON)])),
         "1 row"),
        (_sent("INSERT", "Dune", command="INSERT 0 1", result=Result(("title", "id"), [("Dune", "7")])), "→ id 7"),
        (_sent("INSERT", "Dune", command="INSERT 0 1", result=Result(("title",), [("Emma",)])), "→ title Emma"),
        (_sent("UPDATE t SET a = a + 1, b = $1", "5", command="UPDATE 1", result=SET), "→ a 2"),
        (_sent("UPDATE t SET b = $1", "5", command="UPDATE 1", result=SET), "1 row"),
        (_sent("UPDATE t SET at = now()", command="UPDATE 1", result=SET), "→ a 2, b 5, c 9"),
        (_sent("UPDATE t SET at = now()", command="UPDATE 1", result=Result(("at", "a"), [(NOON, "2")])), "1 row"),
        (_sent("POST /", service="http", command="201", result=Result(("status", "id"), [("201", "ch_1")])),
         "→ 201, id ch_1"),
        (_sent("GET a", service="redis", result=Result(("reply",), [("7",)])), "→ 7"),
        (_sent("GET a", service="redis", result=Result(("reply",), [(None,)])), "→ nil"),
        (_sent("XADD s * a 1", service="redis", result=Result(("reply",), [("1764430000000-0",)])), ""),
    ],
)  # fmt: skip
def test_what_came_of_it(statement: Statement, note: str) -> None:
    """Of an inserted row is told what the statement lacks, of a call its status and answer, of a command its reply."""
    assert note_of([statement]) == note


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ('{"amount_cents": 5, "note": null}', "amount_cents=5 note=null"),
        ('{"gift": true, "lines": [{"id": 1}]}', 'gift=true lines=[{"id": 1}]'),
        ("[1]", "[1]"),
        ("{", "{"),
        ("", ""),
    ],
)
def test_a_call_outside(body: str, read: str) -> None:
    """What a call sends is told as what a request sends."""
    assert text_of(_sent("POST /charges", body, service="http")) == f"POST /charges {read}".strip()


def test_a_key_with_an_id() -> None:
    """Ids are as short in a command's key as they are in a statement."""
    key = "SET paid:73c10877-18cc-a00f-f461-3c468f58ef01:a"
    assert text_of(_sent(key, "running", "NX", service="redis")) == "SET paid:…ef01:a running NX"
