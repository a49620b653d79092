"""The `kata` command as it is typed, in this project or in a copy of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.kata import PROJECT, SOLUTIONS
from grader.tests.grade.project import environment

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its standard output."""
        return self.out.splitlines()


def kata(cwd: Path, *arguments: str | Path, **variables: str) -> Said:
    """Run the command in a folder, in a terminal 100 columns wide, and wait for it, at most three minutes."""
    done = subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", "grader.cli", *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


class Clone:
    """A copy of the project with one kata in it, of which only some solutions are left; it runs its own grader."""

    def __init__(self, folder: Path, name: str, keep: tuple[str, ...]) -> None:
        self.folder = folder
        self.solutions = folder / "solutions" / name
        ignored = shutil.ignore_patterns("tests", "__pycache__")
        shutil.copytree(PROJECT / "grader", folder / "grader", ignore=ignored)
        shutil.copytree(SOLUTIONS / name / "starter", folder / "katas" / name)
        shutil.copyfile(PROJECT / "pyproject.toml", folder / "pyproject.toml")
        for part in ("starter", "reference", *keep):
            shutil.copytree(SOLUTIONS / name / part, self.solutions / part)
        shutil.copyfile(SOLUTIONS / name / "starter.toml", self.solutions / "starter.toml")
        for part in ("starter", *(part for part in keep if part.startswith("mistakes"))):
            target = self.solutions / "transcripts" / f"{part}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SOLUTIONS / name / "transcripts" / f"{part}.txt", target)

    def kata(self, *arguments: str | Path) -> Said:
        """Run the copy's own command in it."""
        return kata(self.folder, *arguments, PYTHONPATH=str(self.folder))
