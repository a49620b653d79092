"""What a keeper is told about its replica."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERPRETER = (sys.executable, "-I", "-X", "utf8", str(Path(__file__).parent / "__main__.py"))
"""Runs a role of the launcher, whose name and arguments are to follow."""

DESCRIPTORS = ("channel", "listening", "log", "status", "stack")
"""In the order in which they are passed: the keeper's socket to the grader, then what the replica keeps."""

REINS = ("page", "reins")
"""Passed behind those for a replica that is controlled."""

EDGES = ("edges",)
"""Passed last for a replica whose calls and imports are told."""


def descriptors_of(order: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the descriptors that come with an order."""
    return DESCRIPTORS + (REINS if order["controlled"] else ()) + (EDGES if order["traced"] else ())


@dataclass(frozen=True)
class Job:
    """One replica to start; the integers of `descriptors` are this process's own."""

    number: int
    order: dict[str, Any]
    """The grader's message: name, folder, environment, limits, command, controlled, traced, a debugger's port."""
    descriptors: dict[str, int]
    directory: str
    """The run's own folder."""
    user: int | None
    """The numeric user to run as; None where the grader is an ordinary user."""
    executable: list[str] | None
    """The command that runs a launcher role in a new interpreter; None to fork."""
    readable: list[str]
    """Where the interpreter and its packages are."""
