"""A game as it is drawn: nothing is wider or higher than the terminal, and what matters is on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.cli.play_drawing import View, draw
from grader.lab.position import Line, Move, Position, Ruling, Seat, Standing
from grader.lab.rows import Table
from grader.report.columns import width
from grader.verdict import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

UPDATE = "UPDATE books SET title='Lamps of the South', price_cents=1900, version=version + 1 WHERE id=…1a1c"
PLACE = Place("app/features/books/save_book.py", 33)
BOOKS = Table("books", ("id", "title", "version"), (("1a1c", "Lamps of the North", 7),), more=False)
NOTES = Table("notes", ("id",), (), more=False)
KEYS = "a b go · x crash · z back · r restart · w worst · n next · o others · q quit"
TOKEN = "Again: pytest katas/04_optimistic_locking --replay one-of-two-edits-wins:A.BBB.AA"  # noqa: S105 -- no secret


def a_view(lanes: int = 2, lines: int = 6, *, told: Sequence[str] = (), menu: tuple[str, ...] = ()) -> View:
    """Return a view of so many requests after so many steps; the last waits."""
    seats = tuple(
        Seat("ABC"[n], "PUT /books/…1a1c title=夜の灯 price_cents=1900", (Standing("ABC"[n], UPDATE, PLACE),))
        for n in range(lanes)
    )
    waiting = replace(seats[-1], standing=(), waiting=seats[-1].standing)
    happened = [Line(n % lanes, UPDATE, "→ version 8, title Lamps of the South", PLACE) for n in range(lines)]
    changed = replace(BOOKS, rows=(("1a1c", "Lamps of the South", 8), ("77f0", "new", 1)))
    position = Position((*seats[:-1], waiting), tuple(happened), (changed, NOTES), (BOOKS, NOTES))
    title = "Of two editors who read the same version exactly one saves, and the other is told that it was too late."
    return View("Kata 04 · your code", "check 1 of 7", title, KEYS, position, tuple((text, "") for text in told), menu)


def drawn(view: View, columns: int = 80, height: int = 24) -> list[str]:
    """Return the lines of a screen."""
    return draw(view, columns, height).plain.split("\n")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (140, 40), (40, 20)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("lines", [0, 6, 60])
@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_it_fits(lanes: int, lines: int, size: tuple[int, int]) -> None:
    """A screen has exactly the lines of its terminal, none of them wider; the keys are at its foot."""
    columns, height = size
    found = drawn(a_view(lanes, lines, told=["Something is said.", TOKEN]), columns, height)
    assert len(found) == height
    assert all(width(line) <= columns for line in found)
    assert "q quit" in found[-1]
    assert TOKEN in " ".join(line.strip() for line in found[-6:])


def test_what_is_on_80_by_24() -> None:
    """On the smallest screen stand what holds, steps with results, what is held and where, and what has changed."""
    screen = "\n".join(drawn(a_view()))
    for text in ("Must hold: Of two editors", "  6 ", "→ version 8", "▶ UPDATE books SET", "│ waits: UPDATE", "q quit"):
        assert text in screen
    assert "save_book.py:33" in screen
    assert "* books: id 1a1c, title Lamps of the North → Lamps of the South, version 7 → 8" in screen
    assert "+ books: id 77f0, title new, version 1" in screen
    assert "notes: no row" in screen


def test_the_last_steps_of_many_are_shown() -> None:
    """Of more steps than fit the last are shown, and how many came before."""
    screen = "\n".join(drawn(a_view(lines=60)))
    assert " 60 " in screen
    assert " before\n" in screen
    assert "  1 " not in screen


def test_a_wide_screen_has_the_places() -> None:
    """Where there is room each step has its place in the code."""
    line = next(line for line in drawn(a_view(), 140, 40) if line.startswith("  3 "))
    assert line.endswith("save_book.py:33")


def test_a_wait_is_a_bar_without_colour() -> None:
    """Who waits has a bar in the lane, and is marked when it goes on; what broke is marked with a cross."""
    lines = (
        Line(0, "UPDATE one", "1 row"),
        Line(1, "UPDATE two", "waits"),
        Line(0, "COMMIT", bars=frozenset({1})),
        Line(1, "UPDATE two", "0 rows", went_on=True),
        Line(1, "cut after it: the reply is lost", fault=True),
    )
    view = a_view()
    ruling = Ruling(broken=True, seen="both answered 200")
    found = drawn(replace(view, position=replace(view.position, lines=lines, ruling=ruling)))
    (commit,) = [line for line in found if "COMMIT" in line]
    (went_on,) = [line for line in found if "└ UPDATE two" in line]
    assert commit.index("│") == went_on.index("└")
    assert any(line.startswith("  ✘ ") and "⚡ cut after it" in line for line in found)


def test_the_next_of_a_plan_and_a_menu() -> None:
    """The request whose turn it is in a plan has a mark of its own; choices take the place of the rows."""
    view = a_view(menu=("  1  A: cut its connection",))
    screen = "\n".join(drawn(replace(view, position=replace(view.position, plan=(Move("A"),)))))
    assert "▶▶ UPDATE" in screen
    assert "  1  A: cut its connection" in screen
    assert "Committed rows" not in screen


def test_rows_that_cannot_be_read_and_rows_that_are_gone() -> None:
    """A table that is locked is said to be, and a row that is gone is named."""
    view = a_view()
    assert "cannot be read now" in "\n".join(drawn(replace(view, position=replace(view.position, tables=None))))
    gone = replace(view.position, tables=(replace(BOOKS, rows=()),), first=(BOOKS,))
    assert "- books: 1a1c is gone" in "\n".join(drawn(replace(view, position=gone)))
