"""A learner's whole afternoon with one kata, in a clone of their own."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from grader.tests.cli.clone import Clone, files

if TYPE_CHECKING:
    from grader.tests.grade.project import Ground

KATA = "04_optimistic_locking"
MISTAKE = "restock_reads_and_writes_back"
DONE = "waiting for a save"


def test_an_afternoon(clone: Clone, ground: Ground) -> None:
    """Doctor, watch, fail, hint, a mistake, replay, fix, pass, diff, next, reset, restore."""
    clone.git("init", "-q")
    clone.git("add", "katas")
    clone.git("commit", "-qm", "The project")
    assert clone.kata("doctor").status == 0
    assert "Two editors" in clone.kata("open", "04").out

    with clone.terminal("watch", lines=40) as terminal:  # the one begun last
        terminal.until("Kata 04", "0 of 20 points", DONE)
        assert "Hint 1 of 3. 2 left" in clone.kata("hint").out
        clone.lay(KATA, "reference", f"mistakes/{MISTAKE}")
        terminal.until("19 of 20 points", "there were 10 copies, and both answered 200", DONE)
        terminal.type("q")
        assert terminal.ended() == 0

    assert clone.kata("diff").status == 1, "not before the pass"
    spoiled = " ".join(clone.kata("diff", "--spoil").out.split())
    assert "had the same signature as" in spoiled
    assert "a restock reads the stock and writes the sum" in spoiled
    assert "of two deliveries one is not on the shelf" in spoiled

    failed = clone.pytest("katas/04", "-k", "restocks-add-up")
    assert failed.status == 1
    again = re.search(r"^Again: +pytest (.+ --replay .+)$", failed.out, re.MULTILINE)
    assert again, failed.out
    assert clone.pytest(*shlex.split(again[1])).status == 1

    clone.lay(KATA, "reference")
    assert clone.pytest("katas/04").status == 0
    clone.git("add", "katas")
    clone.git("commit", "-qm", "Solved")
    assert "There is no difference." in clone.kata("diff", "04").out
    assert "Another way:" in clone.kata("solution", "04").out
    assert "20 of 20" in next(line for line in clone.kata("list").out.splitlines() if line.startswith("04"))
    assert "passed on" in clone.kata("progress").out
    assert clone.kata("next").out.startswith("03 Fix the N+1")

    folder = clone.folder / "katas" / KATA
    solved = files(folder)
    assert clone.kata("reset", "04").status == 0
    assert files(folder) == files(clone.folder / "solutions" / KATA / "starter")
    assert clone.kata("restore", "04").status == 0
    assert files(folder) == solved
    assert ground.left_over() == []
