"""Code that is changed in a cell."""

from __future__ import annotations

import pytest

from grader.kata import KATAS
from grader.notebook import Code, Table
from grader.notebook.code import NoSuchCodeError

ROWS = "app/features/books/rows.py"


def test_a_solution_is_found_by_its_name() -> None:
    """A mistake lies over the reference, as it does where it is graded."""
    mistake, reference = Code.of("04", "compared_then_written"), Code.of("04", "reference")
    assert mistake.files.keys() == reference.files.keys()
    changed = {path for path, text in mistake.files.items() if text != reference[path]}
    assert "app/features/books/save_book.py" in changed


def test_a_folder_is_found_by_its_path() -> None:
    """What a learner works on is code too."""
    assert Code.of("04", KATAS / "04_optimistic_locking").files.keys() >= {ROWS, "schema.sql"}


def test_what_is_not_there_is_said_with_what_is() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(NoSuchCodeError, match="compared_then_written"):
        Code.of("04", "compared")
    with pytest.raises(NoSuchCodeError, match="03_n_plus_one"):
        Code.of("99")
    with pytest.raises(NoSuchCodeError, match=ROWS):
        Code.of("04").replacing("rows.py", "a", "b")


@pytest.mark.parametrize("old", ["no such text", "import"])
def test_a_change_must_find_its_place(old: str) -> None:
    """A text that is not there, or there several times, is refused: a change is never lost or made elsewhere."""
    with pytest.raises(NoSuchCodeError, match="must once"):
        Code.of("04").replacing(ROWS, old, "new")


def test_a_diff_shows_what_was_changed_since_it_was_named() -> None:
    """Only what changed, file by file; a new name is a new beginning."""
    once = Code.of("04").replacing(ROWS, "FROM books WHERE id = :id", "FROM books WHERE id = :id FOR UPDATE")
    assert [line for line in once.diff().text.splitlines() if line.startswith("+")] == [
        f"+++ {ROWS}",
        '+READ = text("SELECT id, title, price_cents, stock, version FROM books WHERE id = :id FOR UPDATE")',
    ]
    twice = once.named("twice").writing("app/new.py", "x = 1\n")
    assert "FOR UPDATE" not in repr(twice.diff())
    assert twice.diff()._repr_markdown_().startswith("```diff\n--- app/new.py\n")
    assert ROWS in once.diff().text


def test_a_table_is_read_as_text_and_as_markdown() -> None:
    """Numbers stand to the right, and a bar in a cell is not the end of it."""
    table = Table(["design", 10], [["a|b", 7], ["c", 700]])
    assert repr(table) == "design   10\na|b       7\nc       700"
    assert table._repr_markdown_() == "| design | 10 |\n| :-- | --: |\n| a\\|b | 7 |\n| c | 700 |"
