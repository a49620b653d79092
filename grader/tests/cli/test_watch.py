"""`kata watch` in a terminal: what is seen, which keys do what, and that nothing is left of it."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

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
    with clone.terminal("watch", "03") as terminal:
        first = terminal.until("0 of 20 points", DONE)
        marks = [line[0] for line in first.splitlines()[2:14] if line[:1] in "✘✔"]
        assert marks == sorted(marks, key="✘✔".index), first
        assert marks[0] == "✘"
        assert "Seen:" in first
        assert "Again:     pytest katas/03_n_plus_one/kata.toml::" in first
        clone.lay(KATA, "reference")
        terminal.until("20 of 20 points", DONE, "All of it holds.")
        terminal.type("d")
        terminal.until("There is no difference.")
        terminal.type("q")
        assert terminal.ended() == 0
    assert "20 of 20" in clone.kata("list").out


def test_keys_help(clone: Clone) -> None:
    """Single keys give hints, explain what is not open yet, put the starter back at the second press, and run again."""
    main = clone.app(KATA) / "main.py"
    with clone.terminal("watch", "03", lines=24, columns=80) as terminal:
        screen = terminal.until(DONE, "✘")
        assert "r run a all h hint y replay p play d diff x reset q quit" in screen.splitlines()[-1]
        terminal.type("h")
        terminal.until("Hint 1 of 3. 2 left")
        terminal.type("h")
        terminal.until("Hint 2 of 3. 1 left")
        terminal.type("d")
        terminal.until("solutions are shown once kata 03 has passed")
        terminal.type("y")
        terminal.until("there is nothing to replay")
        terminal.type("\x1b")
        terminal.until("Seen:")
        terminal.type("r")
        terminal.until("of 13 made")
        terminal.until(DONE)
        main.write_text(main.read_text() + "\nBROKEN = \n")
        terminal.until("SyntaxError", "app/main.py", DONE)
        terminal.type("x")
        terminal.until("Press x again")
        terminal.type("x")
        terminal.until("It comes back with: kata restore 03 1")
        terminal.like(lambda screen: DONE in screen and "SyntaxError" not in screen)
        terminal.type("q")
        assert terminal.ended() == 0
    assert "BROKEN" not in main.read_text()


def test_a_schedule_is_replayed(clone: Clone) -> None:
    """The key for it runs the one schedule that breaks the selected check, and says what came of it."""
    kata = "04_optimistic_locking"
    clone.lay(kata, "reference", "mistakes/restock_reads_and_writes_back")
    with clone.terminal("watch", "04", lines=40) as terminal:
        terminal.until("19 of 20 points", DONE, "Two restocks at the same time")
        terminal.type("y")
        terminal.until("Replayed:", "there were 10 copies, and both answered 200")
        terminal.type("q")
        assert terminal.ended() == 0


def test_a_race_is_played(clone: Clone) -> None:
    """The key for it gives the screen to `kata play` with the selected check's race, and takes it back afterwards."""
    main = clone.app("04_optimistic_locking") / "main.py"
    with clone.terminal("watch", "04") as terminal:
        screen = terminal.until(DONE, "✘")
        terminal.type("p")
        terminal.until("check 1 of 7", "can you break it")
        terminal.type("abbb")
        terminal.until("answered 200")
        terminal.type("q")
        assert terminal.until("Kata 04", DONE, "Seen:", "r run a all").splitlines()[2:] == screen.splitlines()[2:]
        terminal.type("\x1b[B" * 6)
        terminal.until("Two restocks at the same time")
        terminal.type("p")
        terminal.until("check 4 of 7")
        whole = main.read_text()
        main.write_text("import nothing_of_this_name\n" + whole)
        terminal.type("q")
        terminal.until("ModuleNotFoundError", DONE)
        terminal.type("p")
        terminal.until("the service cannot be used", "Enter goes back to kata watch.")
        terminal.type("\r")
        terminal.until("Kata 04", DONE)
        terminal.type("q")
        assert terminal.ended() == 0


def test_where_there_is_no_race(clone: Clone) -> None:
    """The key for it says so, and the screen stays."""
    with clone.terminal("watch", "03") as terminal:
        terminal.until("Kata 03")
        terminal.type("p")
        terminal.until("Kata 03 has no race to play")
        terminal.type("q")
        assert terminal.ended() == 0


def test_ctrl_c_and_a_signal_while_it_is_played(clone: Clone) -> None:
    """Ctrl-C ends the game alone, at its start too; a signal ends the game, and then the watch."""
    with clone.terminal("watch", "04") as terminal:
        terminal.until(DONE)
        for moment in ("Starting kata play", "can you break it"):
            terminal.type("p")
            terminal.until(moment)
            terminal.type("\x03")
            terminal.until("Kata 04", DONE, "r run a all")
        terminal.type("p")
        terminal.until("can you break it")
        terminal.process.kill(signal.SIGTERM)
        assert terminal.ended() == 128 + signal.SIGTERM


@pytest.mark.parametrize("playing", [False, True])
def test_the_terminal_is_closed(clone: Clone, playing: bool) -> None:  # noqa: FBT001 -- pytest passes it
    """The watch ends, and before it a game that is played in it."""
    with clone.terminal("watch", "04") as terminal:
        terminal.until(DONE)
        if playing:
            terminal.type("p")
            terminal.until("can you break it")
        terminal.hang_up()


def test_code_that_hangs_is_left_behind(clone: Clone) -> None:
    """A service that never starts is given up at the next save, which is graded at once."""
    main = clone.app(KATA) / "main.py"
    whole = main.read_text()
    main.write_text("while True:\n    pass\n")
    with clone.terminal("watch", "03") as terminal:
        terminal.until("grading, 0 of 13 made")
        main.write_text("import os\nos._exit(1)\n")
        terminal.until("the process", DONE)
        main.write_text(whole)
        terminal.until("Seen:", DONE)
        terminal.type("q")
        assert terminal.ended() == 0


def test_servers_that_cannot_be_had(clone: Clone) -> None:
    """What stands in the way of all grading is said once, and asked again with the next key."""
    clone.variables["BACKEND_KATAS_SERVICES"] = "external"
    with clone.terminal("watch", "03") as terminal:
        terminal.until("the URL of PostgreSQL is missing", DONE)
        terminal.type("h")
        terminal.until("Hint 1 of 3")
        terminal.type("a")
        terminal.until("the URL of PostgreSQL is missing", DONE)
        terminal.type("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("moment", ["Watching", "grading", DONE])
def test_it_ends_at_any_moment(moment: str, clone: Clone) -> None:
    """Ctrl-C ends it while it starts, grades or waits."""
    with clone.terminal("watch", "03") as terminal:
        terminal.until(moment)
        terminal.type("\x03")
        assert terminal.ended() == 130


def test_a_signal_ends_it(clone: Clone) -> None:
    """A terminal that is closed, or a kill, ends it with all it started."""
    with clone.terminal("watch", "03") as terminal:
        terminal.until("grading")
        terminal.process.kill(signal.SIGHUP)
        assert terminal.ended() == 128 + signal.SIGHUP


def test_a_window_changes_its_size(clone: Clone) -> None:
    """The screen follows its window, down to a few lines and up again."""
    with clone.terminal("watch", "03") as terminal:
        terminal.until(DONE, "✘")
        terminal.resize(40, 10)
        terminal.like(lambda screen: "Kata 03" in screen and "✘" in screen and len(screen.splitlines()) == 10)
        terminal.resize(160, 50)
        terminal.until("Seen:", "Must hold:", "quit")
        terminal.type("q")
        assert terminal.ended() == 0


def test_files_are_looked_at_where_events_do_not_come(clone: Clone) -> None:
    """With polling in place of events a save is graded too, and so is a folder that went and came again."""
    clone.variables["WATCHFILES_FORCE_POLLING"] = "1"
    folder = clone.folder / "katas" / KATA
    with clone.terminal("watch", "03") as terminal:
        terminal.until("0 of 20 points", DONE)
        folder.rename(folder.with_suffix(".old"))
        shutil.copytree(clone.folder / "solutions" / KATA / "reference", folder)
        shutil.copy(folder.with_suffix(".old") / "kata.toml", folder)
        terminal.until("20 of 20 points", DONE)
        terminal.type("q")
        assert terminal.ended() == 0
