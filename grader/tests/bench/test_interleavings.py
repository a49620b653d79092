"""The comparison with other programs runs what it says, and says what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.bench import interleavings, isolationtester
from grader.bench.figures import Figures, NotInstalledError, median

if TYPE_CHECKING:
    import pytest


def test_nobody_is_sent_a_step_while_it_waits() -> None:
    """Of the 20 orders of three steps by three, those remain in which who waits for a row is left alone until then."""
    orders = list(isolationtester.permutations())
    assert len(set(orders)) == len(orders) == 14
    assert ("a_read", "a_update", "b_read", "b_update", "a_commit", "b_commit") in orders
    assert ("a_read", "a_update", "b_read", "b_update", "b_commit", "a_commit") not in orders


def test_each_permutation_is_run_so_often() -> None:
    """The spec names each permutation so often that starting the program does not count."""
    text = isolationtester.spec(isolationtester.PUT_BACK)
    assert text.count("permutation ") == 14 * isolationtester.TIMES
    assert text.count("session ") == 2


def test_a_program_that_is_not_installed_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that is not installed is left out with what to install, and the others are compared."""

    def missing() -> Figures:
        raise NotInstalledError("it is not installed: get it")

    def other() -> Figures:
        return Figures(10, 1.0, 0.3, 2.0, complete=0.8)

    def ours() -> Figures:
        return Figures(30, 1.0, 0.1, None, complete=0.4)

    found = interleavings.compare({"missing": missing, "other": other, interleavings.OURS: ours})
    interleavings.show(found)
    printed = capsys.readouterr().out
    assert "missing: left out. it is not installed: get it" in printed
    assert list(found) == ["other", interleavings.OURS]
    assert "against other: 3.00 times its schedules a second, the first counterexample in 0.33 of its time" in printed
    assert "the complete verdict in 0.50 of its time" in printed
    assert "certified in" not in printed


def test_a_median_is_of_what_every_round_has() -> None:
    """The median of several rounds has a time only where each round has it."""
    rounds = [Figures(10, 1.0, 0.1, 1.0), Figures(10, 2.0, 0.3), Figures(10, 4.0, 0.2, 3.0)]
    assert median(rounds) == Figures(10, 2.0, 0.2, None)
