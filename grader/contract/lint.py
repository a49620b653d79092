"""Ruff, over a kata's own solutions: references are what a learner will imitate."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from grader.contract.dossier import Fault
from grader.kata import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def lint(folders: Sequence[Path]) -> Iterator[Fault]:
    """Yield a fault for each finding of `ruff check` and each file that `ruff format` would change."""
    if find_spec("ruff") is None:
        yield Fault("ruff", "is not installed, so nothing was linted: pip install -e '.[dev]'")
        return
    # what is left to do is a rule of its own
    for arguments in (("check", "--output-format=concise", "--extend-ignore=TD,FIX"), ("format", "--check")):
        done = subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", "ruff", *arguments, "--quiet", *map(str, folders)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"{done.stdout}{done.stderr}".strip() if done.returncode else ""
        for line in said.splitlines():
            yield _fault(line)


def _fault(line: str) -> Fault:
    """Return a line of ruff as a fault: `FILE:1:2: X100 …`, or `Would reformat: FILE`."""
    lead, _, rest = line.partition(": ")
    if lead == "Would reformat":
        return Fault(rest, "is not formatted; ruff format mends it")
    where = lead.removeprefix(f"{PROJECT}/")
    return Fault(where, rest) if rest else Fault("ruff", line)
