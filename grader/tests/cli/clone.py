"""A learner's own clone of the project, in which `kata` and pytest run as they do for the learner."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.kata import PROJECT
from grader.tests.cli.terminal import KATA, Terminal
from grader.tests.grade.project import environment

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 180


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str


@dataclass
class Clone:
    """A copy of the project in `folder`; `variables` are set for every command."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lay out the copy."""
        without = shutil.ignore_patterns("tests", "bench")
        shutil.copytree(PROJECT / "grader", self.folder / "grader", ignore=without)
        shutil.copytree(PROJECT / "solutions", self.folder / "solutions", ignore=shutil.ignore_patterns("transcripts"))
        shutil.copy(PROJECT / "pyproject.toml", self.folder)
        for starter in (self.folder / "solutions").glob("*/starter"):
            shutil.copytree(starter, self.folder / "katas" / starter.parent.name)

    @property
    def own(self) -> dict[str, str]:
        """What is set for every command: the project is this copy."""
        return {"PYTHONPATH": str(self.folder), **self.variables}

    @property
    def progress(self) -> Path:
        """The file of the learner's progress."""
        return self.folder / ".kata" / "progress.toml"

    def kata(self, *words: str, cwd: Path | None = None, **variables: str) -> Done:
        """Run the command and wait for it."""
        return self._run([KATA, *words], cwd, variables)

    def terminal(self, *words: str, columns: int = 100, lines: int = 30) -> Terminal:
        """Run the command in a terminal of its own."""
        return Terminal(*words, columns=columns, lines=lines, cwd=self.folder, **self.own)

    def pytest(self, *words: str, **variables: str) -> Done:
        """Run pytest and wait for it."""
        return self._run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words], None, variables)

    def git(self, *words: str) -> str:
        """Run git as a learner who has told it their name, and return what it prints."""
        who = ["-c", "user.name=Learner", "-c", "user.email=learner@example.com"]
        done = self._run(["git", *who, *words], None, {})
        assert done.status == 0, done.err
        return done.out

    def app(self, kata: str) -> Path:
        """The folder of the service that the learner edits."""
        return self.folder / "katas" / kata / "app"

    def lay(self, kata: str, *layers: str) -> None:
        """Lay layers of the kata's solutions over the learner's folder, as somebody does who has found them."""
        for layer in layers:
            source = self.folder / "solutions" / kata / layer
            target = self.folder / "katas" / kata
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("about.toml"))

    def _run(self, words: list[str], cwd: Path | None, variables: dict[str, str]) -> Done:
        done = subprocess.run(  # noqa: S603 -- our own command
            words,
            cwd=cwd or self.folder,
            env=environment(**self.own | variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def files(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder with what they hold, caches left out."""
    paths = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"" for path in paths}
