"""What the notebooks stand on: a kata's code on the bench, what came of it as values, and pictures with a text each."""

from grader.notebook.code import Code, Diff
from grader.notebook.outcomes import strip, tree
from grader.notebook.pictures import Picture, Series, bars, curves, timeline
from grader.notebook.table import Table
from grader.notebook.touch import touch_map, touched_by
from grader.notebook.trying import Crash, Played, Schedules, crashes, every_schedule, explore, play
from grader.notebook.workbench import Workbench

__all__ = [
    "Code",
    "Crash",
    "Diff",
    "Picture",
    "Played",
    "Schedules",
    "Series",
    "Table",
    "Workbench",
    "bars",
    "crashes",
    "curves",
    "every_schedule",
    "explore",
    "play",
    "strip",
    "timeline",
    "touch_map",
    "touched_by",
    "tree",
]
