"""A recorder keeps what a lab did, by windows and replicas, within its caps."""

from __future__ import annotations

import pytest

from grader.wire import CallSite, Recorder, RoundTrip, Statement
from grader.wire import recorder as caps
from grader.wire.call_site import split_call_site


def add(recorder: Recorder, replica: str = "A", text: str = "SELECT 1", *, noise: bool = False) -> Statement:
    """Add a statement in a round trip of its own."""
    statement = Statement(0, replica, 1, "postgres", text, noise=noise, rows=2, bytes=10)
    recorder.add(statement)
    recorder.add_round_trip(RoundTrip(replica, 1, "postgres"))
    return statement


def test_a_window_holds_what_began_while_it_was_open() -> None:
    """A window holds what began while it was open."""
    recorder = Recorder()
    add(recorder)
    with recorder.recording() as outer:
        add(recorder, "B")
        with recorder.recording() as inner:
            add(recorder, noise=True)
            recorder.clear()
            add(recorder)
    add(recorder)
    assert [s.replica for s in outer.statements] == ["B", "A", "A"]
    assert (outer.round_trips, outer.rows, outer.bytes, len(outer.counted)) == (3, 4, 30, 2)
    assert (inner.round_trips, len(inner.counted)) == (2, 1)
    assert [s.number for s in recorder.statements] == [1, 2]


def test_a_window_of_one_replica_holds_nothing_of_the_others() -> None:
    """A window of one replica holds nothing of the others."""
    recorder = Recorder()
    with recorder.recording("B") as window:
        add(recorder)
        add(recorder, "B")
    assert [s.replica for s in window.statements] == ["B"]
    assert window.round_trips == 1


def test_a_limit_is_told_once_and_noise_does_not_count() -> None:
    """The statement after the last that a limit allows is told, once; noise does not count towards it."""
    recorder = Recorder()
    told: list[int] = []
    with recorder.recording() as window:
        window.limit(2, lambda: told.append(len(window.counted)))
        for noise in (False, True, False, True):
            add(recorder, noise=noise)
        assert told == []
        add(recorder)
        add(recorder)
    assert told == [3]


def test_preparing_is_no_round_trip_of_a_request() -> None:
    """A round trip that only prepares a statement is not counted."""
    recorder = Recorder()
    recorder.add_round_trip(RoundTrip("A", 1, "postgres", preparation=True))
    recorder.add_round_trip(RoundTrip("A", 1, "postgres"))
    assert recorder.round_trips == 1


def test_what_is_beyond_the_cap_is_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the cap is only counted."""
    monkeypatch.setattr(caps, "STATEMENTS_CAP", 5)
    recorder = Recorder()
    for _ in range(8):
        add(recorder)
    assert (len(recorder.statements), recorder.dropped, recorder.round_trips) == (5, 3, 8)


def test_texts_and_parameters_are_cut() -> None:
    """Texts and parameters are cut."""
    recorder = Recorder()
    statement = add(recorder, text="x" * 20_000)
    recorder.add_parameters(statement, ("y" * 1000,) * 300)
    assert len(statement.text) == 10_000
    assert (len(statement.parameters), {len(value or "") for value in statement.parameters}) == (200, {200})


def test_a_recorder_that_holds_too_much_keeps_statements_without_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder that holds too much keeps statements without their texts."""
    monkeypatch.setattr(caps, "MEMORY_CAP", 50)
    recorder = Recorder()
    for _ in range(10):
        recorder.add_parameters(add(recorder, text="x" * 10), ("y" * 10,))
    assert sum(len(s.text) + len(str(s.parameters)) for s in recorder.statements) < 150
    assert len(recorder.statements) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 /* katas:app/a.py:31 */", ("SELECT 1", CallSite("app/a.py", 31))),
        ("SELECT 1; /* katas:app/a b.py:31 */\n", ("SELECT 1;", CallSite("app/a b.py", 31))),
        ("SELECT 1 /* katas:app/a.py:31 */ + 1", ("SELECT 1 /* katas:app/a.py:31 */ + 1", None)),
        ("SELECT 1 /* katas:app/a.py */", ("SELECT 1 /* katas:app/a.py */", None)),
        ("SELECT 1", ("SELECT 1", None)),
    ],
)
def test_a_call_site_is_the_comment_at_the_very_end(text: str, expected: tuple[str, CallSite | None]) -> None:
    """A call site is the comment at the very end."""
    assert split_call_site(text) == expected
