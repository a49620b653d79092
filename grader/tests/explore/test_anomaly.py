"""What went wrong in a run gets the name that the field has for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.explore.anomaly import anomaly
from grader.explore.values import Access, Decision, Event, Footprint, Mode, Phase, Run, Step
from grader.tests.explore.programs import FOR_UPDATE, LOST_UPDATE, TRANSFER, TRANSFER_BACK, program
from grader.tests.explore.simulator import Program, follow
from grader.wire import Category

ADD = program("SELECT x", "INSERT x", "COMMIT")
BOTH = program("SELECT x", "SELECT y", "UPDATE x", "COMMIT")
BOTH_TOO = program("SELECT x", "SELECT y", "UPDATE y", "COMMIT")
LOOK_TWICE = program("SELECT x", "SELECT x", "COMMIT")
LOOK_ROUND = program("SELECT x", "SELECT y", "COMMIT")


@pytest.mark.parametrize(
    ("programs", "schedule", "name"),
    [
        ([LOST_UPDATE] * 2, "ABAABB", "lost update"),
        ([LOST_UPDATE] * 2, "ABABAB", "lost update"),
        ([LOST_UPDATE] * 2, "AAABBB", ""),
        ([LOST_UPDATE] * 3, "ABAACCCBB", "lost update"),
        ([program("SELECT x!", "UPDATE x!")] * 2, "ABAB", "lost update"),
        ([program("SELECT x", "UPDATE x", "COMMIT"), program("SELECT x", "UPDATE x", "ROLLBACK")], "ABAABB", ""),
        ([program("UPDATE x!")] * 2, "AB", ""),
        ([FOR_UPDATE] * 2, "ABAABB", ""),
        ([program("SELECT x", "SELECT … FOR UPDATE x", "UPDATE x", "COMMIT")] * 2, "ABABAABB", "non-repeatable read"),
        ([ADD] * 2, "ABABAB", "double insert"),
        ([ADD] * 2, "ABAABB", "double insert"),
        ([ADD] * 2, "AAABBB", ""),
        ([program("INSERT x", "COMMIT")] * 2, "ABAB", ""),
        ([BOTH, BOTH_TOO], "AABBABAB", "write skew"),
        ([BOTH, BOTH_TOO], "AAAABBBB", ""),
        ([LOOK_ROUND, TRANSFER], "ABBBAA", "read skew"),
        ([LOOK_ROUND, TRANSFER], "AABBBA", ""),
        ([program("SELECT x!", "SELECT y!"), TRANSFER], "ABBBA", ""),
        ([LOOK_TWICE, TRANSFER], "ABBBAA", "non-repeatable read"),
        ([LOOK_TWICE, program("UPDATE x", "ROLLBACK")], "ABBAA", ""),
        ([TRANSFER, TRANSFER_BACK], "ABABB", "deadlock"),
        ([TRANSFER, TRANSFER_BACK], "AAABBB", ""),
    ],
)
def test_the_name_of_what_went_wrong(programs: list[Program], schedule: str, name: str) -> None:
    """Each schedule of these programs has its name, or none."""
    run, _ = follow(programs, tuple(schedule))
    assert run.finished
    assert anomaly(run) == name


def changed(run: Run, actor: str, index: int, **fields: object) -> Run:
    """Return the run with other facts about one step."""
    decisions = []
    for decision in run.decisions:
        events = (
            replace(event, **fields) if (event.actor, event.step.index) == (actor, index) else event  # type: ignore[arg-type]  # the test names fields of Event
            for event in decision.events
        )
        decisions.append(replace(decision, events=tuple(events)))
    return replace(run, decisions=decisions)


def test_a_change_of_no_row_loses_nothing() -> None:
    """Where B's change asks for the version and finds no row, A's is not lost."""
    run, _ = follow([LOST_UPDATE] * 2, tuple("ABAABB"))
    assert anomaly(changed(run, "B", 2, rows=0)) == ""


def test_a_serialization_failure_is_no_anomaly() -> None:
    """A transaction that failed has written nothing, and has nothing to lose."""
    run, _ = follow([LOST_UPDATE] * 2, tuple("ABAABB"))
    assert anomaly(changed(run, "B", 2, error="40001")) == ""


def test_a_snapshot_is_not_torn() -> None:
    """Two reads of one snapshot see the same, whatever was committed between them."""
    run, _ = follow([LOOK_ROUND, TRANSFER], tuple("ABBBAA"))
    first = run.events[0].footprint
    assert anomaly(changed(run, "A", 1, footprint=replace(first, snapshot=True))) == ""


def rows(run: Run, keys: dict[str, str]) -> Run:
    """Return the run with what each actor touches narrowed to the row with its key."""
    for name, key in keys.items():
        for event in [event for event in run.events if event.actor == name]:
            footprint = replace(
                event.footprint,
                accesses=frozenset(replace(access, key=(f"id={key}",)) for access in event.footprint.accesses),
            )
            run = changed(run, name, event.step.index, footprint=footprint)
    return run


def test_rows_of_one_table() -> None:
    """An update is lost only where both meant the same row."""
    run, _ = follow([LOST_UPDATE] * 2, tuple("ABAABB"))
    assert anomaly(rows(run, {"A": "7", "B": "7"})) == "lost update"
    assert anomaly(rows(run, {"A": "7", "B": "8"})) == ""


def redis(*commands: tuple[str, str, Mode]) -> Run:
    """Return a run of Redis commands: actor, text and how it touches the key `stock`."""
    decisions = []
    for number, (actor, text, mode) in enumerate(commands, 1):
        step = Step(actor, number, "redis", (text,), ((),), Category.STATEMENT)
        footprint = Footprint(frozenset({Access("redis stock", mode)}), service="redis")
        decisions.append(Decision((), actor, (Event(step, Phase.WHOLE, footprint),)))
    return Run(decisions, finished=True)


def test_a_key_of_redis_that_is_written_over() -> None:
    """Reading and setting a key in two commands loses updates; changing it in one does not."""
    read, change = Mode.READ, Mode.CHANGE
    assert (
        anomaly(redis(("A", "GET", read), ("B", "GET", read), ("A", "SET", change), ("B", "SET", change)))
        == "lost update"
    )
    assert anomaly(redis(("A", "GET", read), ("A", "SET", change), ("B", "GET", read), ("B", "SET", change))) == ""
    assert anomaly(redis(("A", "DECR", change), ("B", "DECR", change))) == ""


def test_connections_of_one_request_are_not_two() -> None:
    """What a request reads over one connection and writes over another is its own."""
    run = redis(("A", "GET", Mode.READ), ("A2", "SET", Mode.CHANGE), ("B", "GET", Mode.READ), ("A", "SET", Mode.CHANGE))
    assert anomaly(run) == ""
