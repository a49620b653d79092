"""The timeline in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from grader.report.columns import width
from grader.report.timeline import MOST_ROWS, timeline_lines
from grader.tests.report.examples import EXAMPLES, LONG, LOST_UPDATE, WAITS
from grader.tests.report.hostile import timelines
from grader.verdict import Lane, Moment

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", EXAMPLES)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    """Each example is drawn as recorded; --record-transcripts renews them."""
    path = GOLDEN / f"{name}.txt"
    drawn = "\n".join(timeline_lines(EXAMPLES[name])) + "\n"
    if request.config.getoption("--record-transcripts"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_seen_at_a_glance(name: str) -> None:
    """A picture has a few lines, is at most 100 columns wide, and marks where it went wrong."""
    lines = timeline_lines(EXAMPLES[name])
    assert len(lines) <= 16
    assert max(map(width, lines)) <= 100
    assert sum(bool(re.match(r" *\d+ ✘ ", line)) for line in lines) == 1


@given(timelines())
def test_whatever_it_holds(lanes_and_moments: tuple[tuple[Lane, ...], tuple[Moment, ...]]) -> None:
    """No text makes a line too long, or reaches the terminal as anything but letters."""
    lanes, moments = lanes_and_moments
    for line in timeline_lines(replace(LOST_UPDATE, lanes=lanes, moments=moments, title=lanes[0].label)):
        assert width(line) <= 100
        assert line.isprintable()


def test_wide_letters_stay_in_their_lane() -> None:
    """Where the second lane begins does not depend on what stands in the first."""
    book = Moment(0, "UPDATE books SET title='火の鳥 📚 cafe\u0301'", "1 row 本", waited_until=3)
    moments = (book, Moment(1, "COMMIT"), Moment(1, "SELECT"), Moment(0, "COMMIT"))
    lines = timeline_lines(replace(LOST_UPDATE, lanes=(Lane("甲 · 本", "本"), Lane("B", "200")), moments=moments))
    starts = {width(line[: line.index(word)]) for line in lines for word in ("COMMIT", "SELECT", "200") if word in line}
    assert len(starts - {7}) == 1


def test_what_is_left_out_is_counted() -> None:
    """Every moment is a line or counted as left out, and what is spoken of is a line."""
    lines = timeline_lines(LONG)
    numbers = [int(match[0]) for line in lines if (match := re.match(r"[ \d]{2}(\d) ", line))]
    gone = [int(match[1]) for line in lines if (match := re.search(r"⋮ +(\d+) lines? left out", line))]
    assert len(numbers) + sum(gone) == len(LONG.moments)
    assert len(numbers) + len(gone) <= MOST_ROWS
    assert {5, 22, 23} <= set(numbers)


def test_a_wait_is_a_bar() -> None:
    """From the statement that waits there is a bar down to where it went on, and there its result."""
    lines = timeline_lines(WAITS)
    column = next(line for line in lines if line.startswith("  4 ✘")).index("UPDATE")
    rows = {int(line[:3]): line[column:] for line in lines if line[:3].strip().isdigit()}
    assert "waits" in rows[4]
    assert rows[5].startswith("│")
    assert rows[6].startswith("└ went on")
    assert "1 row" in rows[6]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("UPDATE books SET stock=9 WHERE id=…8f3a", "UPDATE books SET stock=9 WHERE id=…  "),
        ("UPDATE books SET price_cents=900, version=8 WHERE id=…8f3a AND version=7", "AND version=7"),
        ("SELECT … WHERE books.id=…8f3a FOR UPDATE", "… FOR UPDATE"),
    ],
)
def test_what_is_written_is_shown_before_which_row(text: str, shown: str) -> None:
    """Of a text that is cut the end is kept where it says of a lock or a version, and not where it is the row's id.

    What would be left of an id is left out.
    """
    long = Moment(1, "SELECT … FROM orders WHERE orders.id=…8f3a", "→ quantity 3")
    moments = (Moment(0, text, "1 row"), *[long] * 8, Moment(0, "COMMIT", bad=True))
    line = next(line for line in timeline_lines(replace(LOST_UPDATE, moments=moments)) if line.startswith("  1 "))
    assert shown in line
