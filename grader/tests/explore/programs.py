"""Programs for the simulator: some that everybody knows, and all that hypothesis can think of."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from hypothesis import assume
from hypothesis import strategies as st

from grader.explore.order import class_of
from grader.tests.explore.simulator import LOCKS, SHARED, Do, Op, Program, all_runs, dependent

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from grader.explore.values import Run
    from grader.tests.explore.simulator import Simulator

    Classes = dict[Hashable, list[tuple[Run, Simulator]]]

COMMIT = Op(Do.COMMIT)
MOST = 150
"""Schedules in all of what hypothesis thinks of."""


def program(*steps: str) -> Program:
    """Return a program by its steps: `SELECT x`, `UPDATE x`, `COMMIT`; `UPDATE x!` is a transaction of its own."""
    ops = []
    for step in steps:
        do, _, thing = step.removesuffix("!").rpartition(" ") if step not in set(Do) else (step, "", "")
        ops.append(Op(Do(do), thing, alone=step.endswith("!")))
    return Program(tuple(ops))


LOST_UPDATE = program("SELECT x", "UPDATE x", "COMMIT")
FOR_UPDATE = program("SELECT … FOR UPDATE x", "UPDATE x", "COMMIT")
TRANSFER = program("UPDATE x", "UPDATE y", "COMMIT")
TRANSFER_BACK = program("UPDATE y", "UPDATE x", "COMMIT")


def classes(programs: Sequence[Program]) -> Classes:
    """Return the runs of all schedules by class."""
    found: Classes = {}
    for run, simulator in all_runs(programs):
        found.setdefault(class_of(run, dependent), []).append((run, simulator))
    return found


@st.composite
def several_programs(draw: st.DrawFn, *, plain: bool = False) -> list[Program]:
    """Draw the programs of two or three actors that get in each other's way.

    Where they are not `plain`, a step may wait for several others, and an actor may come of another's first step.
    """
    count = draw(st.sampled_from((2, 3)))
    things = st.sampled_from(draw(st.sampled_from(("x", "xy"))))
    kinds = [do for do in Do if do not in {Do.COMMIT, Do.ROLLBACK} and not (plain and LOCKS.get(do) in SHARED)]
    step = st.builds(Op, st.sampled_from(kinds), things, alone=st.sampled_from((False, False, False, True)))
    end = st.sampled_from((COMMIT, COMMIT, Op(Do.ROLLBACK)))
    steps = st.lists(step | step | step | end, min_size=1, max_size=4 if count == 2 else 2)
    drawn = []
    for number in range(count):
        after = ("ABC"[number - 1], 1) if not plain and number and draw(st.integers(0, 5)) == 0 else None
        drawn.append(Program((*draw(steps), COMMIT), after))
    assume(sum(1 for _ in islice(all_runs(drawn), MOST + 1)) <= MOST)
    return drawn
