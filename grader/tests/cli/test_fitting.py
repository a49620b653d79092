"""Findings in narrow windows."""

from hypothesis import given
from hypothesis import strategies as st

from grader.cli.watch.fitting import fitted

FINDING = """\
The grader sent two saves of the version that both editors had read, one after the
           other (A, then B)
Seen:      both answered 200
Must hold: exactly one is saved

  1    SELECT … WHERE id=…1a1c                                  …/books/rows.py:32
         → price_cents 1900, title Lamps of the South, stock 10, and all the others
Why:       the second did not look again at what the first had left behind, and so
           wrote over it
Again:     pytest katas/04_optimistic_locking --replay one-of-two-edits-wins:1:AABB
"""


def test_sentences_are_laid_out_and_lanes_are_not() -> None:
    """Sentences fit the window, under their leads; lanes, and the command that is to be copied, stay as they are."""
    lines = fitted(FINDING, 50).split("\n")
    kept = [line for line in FINDING.split("\n") if line.startswith(("  ", "Again")) and line[:11].strip()]
    assert [line for line in lines if line in kept] == kept
    assert all(len(line) <= 50 for line in lines if line not in kept)
    assert lines[1].startswith(" " * 11)


@given(st.integers(100, 300))
def test_a_wide_window_loses_no_word(width: int) -> None:
    """Every word is there, in its order."""
    assert fitted(FINDING, width).split() == FINDING.split()
