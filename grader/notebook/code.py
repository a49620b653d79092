"""A service's files in memory: taken from a kata, changed in a cell, and shown as a diff."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Self

from grader.kata import SOLUTIONS, Submission, find_by_number, is_entry, load_entry, load_submission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.kata import Kata

_CODE = {".py", ".sql"}


class NoSuchCodeError(ValueError):
    """A kata has no such solution, or a file no such text; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What a change changed, in the unified format; a notebook and its Markdown show it as a block of code."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```diff\n{self.text}\n```"


@dataclass(frozen=True, slots=True)
class Code:
    """The files of a service by their paths; `before` is what it was changed from, `name` what it is called."""

    kata: Kata
    name: str
    files: Mapping[str, str]
    before: Code | None = None

    @classmethod
    def of(cls, kata: str, solution: str | Path = "starter") -> Self:
        """Return a kata's code: `starter`, `reference`, the name of an alternative or a mistake, or a folder of yours.

        Raises NoSuchCodeError where there is none.
        """
        submission = _find(kata, solution)
        with tempfile.TemporaryDirectory(prefix="katas-notebook-") as name:
            whole = Path(name)
            submission.write_to(whole)
            files = {
                path.relative_to(whole).as_posix(): path.read_text(encoding="utf-8")
                for path in sorted(whole.rglob("*"))
                if path.suffix in _CODE and "__pycache__" not in path.parts
            }
        return cls(submission.kata, solution.name if isinstance(solution, Path) else solution, files)

    def replacing(self, path: str, old: str, new: str) -> Self:
        """Return the code with one place of a file changed; NoSuchCodeError unless `old` stands there exactly once."""
        count = self[path].count(old)
        if count != 1:
            raise NoSuchCodeError(f"{path} holds this {count} times, and must once:\n{old}")
        return self.writing(path, self[path].replace(old, new))

    def writing(self, path: str, text: str) -> Self:
        """Return the code with this text as that file, which may be a new one."""
        files = {**self.files, path: text}
        return replace(self, files=files, before=self.before or self)

    def named(self, name: str) -> Self:
        """Return the same code under another name; what is changed from here on is a change of this."""
        return replace(self, name=name, before=None)

    def diff(self) -> Diff:
        """Return what was changed, file by file, with a line of context."""
        before = self.before.files if self.before else {}
        lines: list[str] = []
        for path in sorted(self.files.keys() | before.keys()):
            old, new = before.get(path, "").splitlines(), self.files.get(path, "").splitlines()
            lines += unified_diff(old, new, path, path, n=1, lineterm="")
        return Diff("\n".join(lines))

    def write_to(self, folder: Path) -> None:
        """Write all files below a folder."""
        for path, text in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def __getitem__(self, path: str) -> str:
        try:
            return self.files[path]
        except KeyError:
            raise NoSuchCodeError(f"{self.name} has no {path}; there are {', '.join(self.files)}") from None


def kata_folder(kata: str) -> Path:
    """Return the folder with a kata's solutions, known by number or name; NoSuchCodeError where there is none."""
    folder = SOLUTIONS / kata
    found = folder if folder.is_dir() else find_by_number(folder)
    if found is None:
        known = ", ".join(sorted(path.parent.name for path in SOLUTIONS.glob("*/starter")))
        raise NoSuchCodeError(f"there is no kata {kata!r}; there are {known}")
    return found


def _find(kata: str, solution: str | Path) -> Submission:
    if isinstance(solution, Path):
        return load_submission(solution.resolve())
    root = kata_folder(kata)
    for folder in (root / solution, root / "alternatives" / solution, root / "mistakes" / solution):
        if folder.is_dir() and is_entry(folder):
            return load_entry(folder).submission
    known = [path.name for kind in ("alternatives", "mistakes") for path in sorted((root / kind).iterdir())]
    raise NoSuchCodeError(f"{root.name} has no {solution!r}; there are starter, reference, {', '.join(known)}")
