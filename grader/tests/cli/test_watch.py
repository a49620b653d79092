"""`kata watch` in a terminal: what is seen, which keys do what, and that nothing is left of it."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from grader.tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.tests.cli.clone import Clone
    from grader.tests.grade.project import Ground

KATA = "03_n_plus_one"
DONE = "waiting for a save"


@pytest.fixture(autouse=True)
def nothing_is_left(ground: Ground) -> Iterator[None]:
    """Each test ends with no process but the warm servers."""
    yield
    assert ground.left_over() == []


def test_a_save_is_graded(clone: Clone) -> None:
    """All checks are made at the start and after a save, what failed is listed first, and the pass is recorded."""
    with Terminal(clone, "watch", "03") as terminal:
        first = terminal.sees("0 of 20 points", DONE)
        marks = [line[0] for line in first.splitlines()[2:14] if line[:1] in "✘✔"]
        assert marks == sorted(marks, key="✘✔".index), first
        assert marks[0] == "✘"
        assert "Seen:" in first
        assert "Again:     pytest katas/03_n_plus_one/kata.toml::" in first
        clone.lay(KATA, "reference")
        terminal.sees("20 of 20 points", DONE, "All of it holds.")
        terminal.press("d")
        terminal.sees("There is no difference.")
        terminal.press("q")
        assert terminal.status() == 0
    assert "20 of 20" in clone.kata("list").out


def test_keys_help(clone: Clone) -> None:
    """Single keys give hints, explain what is not open yet, put the starter back at the second press, and run again."""
    main = clone.app(KATA) / "main.py"
    with Terminal(clone, "watch", "03", rows=24, columns=80) as terminal:
        screen = terminal.sees(DONE, "✘")
        assert "r run a all h hint y replay p play d diff x reset q quit" in screen.splitlines()[-1]
        terminal.press("h")
        terminal.sees("Hint 1 of 3. 2 left")
        terminal.press("h")
        terminal.sees("Hint 2 of 3. 1 left")
        terminal.press("d")
        terminal.sees("solutions are shown once kata 03 has passed")
        terminal.press("y")
        terminal.sees("there is nothing to replay")
        terminal.press("\x1b")
        terminal.sees("Seen:")
        terminal.press("r")
        terminal.sees("of 13 made")
        terminal.sees(DONE)
        main.write_text(main.read_text() + "\nBROKEN = \n")
        terminal.sees("SyntaxError", "app/main.py", DONE)
        terminal.press("x")
        terminal.sees("Press x again")
        terminal.press("x")
        terminal.sees("It comes back with: kata restore 03 1")
        terminal.until(lambda screen: DONE in screen and "SyntaxError" not in screen)
        terminal.press("q")
        assert terminal.status() == 0
    assert "BROKEN" not in main.read_text()


def test_a_schedule_is_replayed(clone: Clone) -> None:
    """The key for it runs the one schedule that breaks the selected check, and says what came of it."""
    kata = "04_optimistic_locking"
    clone.lay(kata, "reference", "mistakes/restock_reads_and_writes_back")
    with Terminal(clone, "watch", "04", rows=40) as terminal:
        terminal.sees("19 of 20 points", DONE, "Two restocks at the same time")
        terminal.press("y")
        terminal.sees("Replayed:", "there were 10 copies, and both answered 200")
        terminal.press("q")
        assert terminal.status() == 0


def test_code_that_hangs_is_left_behind(clone: Clone) -> None:
    """A service that never starts is given up at the next save, which is graded at once."""
    main = clone.app(KATA) / "main.py"
    whole = main.read_text()
    main.write_text("while True:\n    pass\n")
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees("grading, 0 of 13 made")
        main.write_text("import os\nos._exit(1)\n")
        terminal.sees("the process", DONE)
        main.write_text(whole)
        terminal.sees("Seen:", DONE)
        terminal.press("q")
        assert terminal.status() == 0


def test_servers_that_cannot_be_had(clone: Clone) -> None:
    """What stands in the way of all grading is said once, and asked again with the next key."""
    clone.variables["BACKEND_KATAS_SERVICES"] = "external"
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees("the URL of PostgreSQL is missing", DONE)
        terminal.press("h")
        terminal.sees("Hint 1 of 3")
        terminal.press("a")
        terminal.sees("the URL of PostgreSQL is missing", DONE)
        terminal.press("q")
        assert terminal.status() == 0


@pytest.mark.parametrize("moment", ["Watching", "grading", DONE])
def test_it_ends_at_any_moment(moment: str, clone: Clone) -> None:
    """Ctrl-C ends it while it starts, grades or waits."""
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees(moment)
        terminal.press("\x03")
        assert terminal.status() == 130


def test_a_signal_ends_it(clone: Clone) -> None:
    """A terminal that is closed, or a kill, ends it with all it started."""
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees("grading")
        terminal.child.kill(signal.SIGHUP)
        assert terminal.status() == 128 + signal.SIGHUP


def test_a_window_changes_its_size(clone: Clone) -> None:
    """The screen follows its window, down to a few lines and up again."""
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees(DONE, "✘")
        terminal.resize(10, 40)
        terminal.until(lambda screen: "Kata 03" in screen and "✘" in screen and len(screen.splitlines()) == 10)
        terminal.resize(50, 160)
        terminal.sees("Seen:", "Must hold:", "quit")
        terminal.press("q")
        assert terminal.status() == 0


def test_files_are_looked_at_where_events_do_not_come(clone: Clone) -> None:
    """With polling in place of events a save is graded too, and so is a folder that went and came again."""
    clone.variables["WATCHFILES_FORCE_POLLING"] = "1"
    folder = clone.folder / "katas" / KATA
    with Terminal(clone, "watch", "03") as terminal:
        terminal.sees("0 of 20 points", DONE)
        folder.rename(folder.with_suffix(".old"))
        shutil.copytree(clone.folder / "solutions" / KATA / "reference", folder)
        shutil.copy(folder.with_suffix(".old") / "kata.toml", folder)
        terminal.sees("20 of 20 points", DONE)
        terminal.press("q")
        assert terminal.status() == 0
