"""Texts in columns: their width, and how they are cut and wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.columns import cut, pad, printable, tidy, width, wrap


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT", 6),
        ("", 0),
        ("→ version 3 …", 13),
        ("日本語", 6),
        ("\uff26\uff35", 4),
        ("cafe\u0301", 4),
        ("⚡", 2),
        ("📚", 2),
        ("각", 2),
        ("\u1100\u1161", 2),
    ],
)
def test_width(text: str, columns: int) -> None:
    """Wide letters take two columns, combining ones none."""
    assert width(text) == columns


@given(st.text(), st.integers(1, 30), st.integers(0, 12))
def test_a_cut_text_fits(text: str, columns: int, keep: int) -> None:
    """What is cut fits its column, and says so with an ellipsis; what fits is left alone."""
    text = tidy(text)
    shown = cut(text, columns, keep)
    assert width(shown) <= columns
    assert shown == text if width(text) <= columns else "…" in shown
    assert width(pad(shown, columns)) == columns


def test_the_end_of_a_statement_is_kept() -> None:
    """Whole words of the end stay, since a condition stands there."""
    assert cut("UPDATE books SET price_cents=900 WHERE id=7", 30, 10) == "UPDATE books SET price_c… id=7"


@given(st.text(), st.integers(2, 30))
def test_wrapped_lines_fit(text: str, columns: int) -> None:
    """No line is wider than asked, and nothing but spaces is lost."""
    lines = wrap(tidy(text), columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == tidy(text).replace(" ", "")


def test_wrapping_stops() -> None:
    """What is left after the last line is cut."""
    assert wrap("one two three four", 9, 2) == ["one two", "three fo…"]


@given(st.text())
def test_nothing_acts_on_the_screen(text: str) -> None:
    """Whatever a text holds, what is shown of it are letters."""
    assert printable(text).isprintable()


def test_what_would_act_is_written_out() -> None:
    """Escapes, changes of direction and halves of surrogate pairs are seen as what they are."""
    assert printable("a\x1b[31m\u202e\ud800\x00\n") == r"a\x1b[31m\u202e\ud800\x00 "
