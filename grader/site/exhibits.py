"""What the site shows of a kata's own solutions: what each says of itself, and its lines against another's."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.kata import SOLUTIONS, load_entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grader.kata import Entry, Kata, Submission

_CONTEXT = 2
"""Lines shown around each that differs."""
_NO_CODE = {"about.toml", "kata.toml", "starter.toml", "README.md", "hints.md"}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One of a kata's own solutions as it is shown.

    `told` is the misconception of a mistake, the trade-offs of another design; `source` is where to read on.
    """

    entry: Entry
    title: str
    told: str
    source: str

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.entry.submission.folder.name

    @property
    def anchor(self) -> str:
        """What leads to it on a page."""
        return self.name.replace("_", "-")

    @property
    def layers(self) -> tuple[Path, ...]:
        """Its folders, the uppermost first."""
        return self.entry.submission.layers[::-1]

    @property
    def against_reference(self) -> list[Difference]:
        """How its code differs from that of the reference it lies over."""
        submission = self.entry.submission
        return differences(replace(submission, layers=submission.layers[:1], without=()), submission)


@dataclass(frozen=True, slots=True)
class Difference:
    """One file as it differs from another's: a unified diff without its head, and the whole of it before and after."""

    file: str
    lines: tuple[str, ...]
    before: str
    """Empty where the file is new."""
    after: str
    """Empty where it is gone."""

    @property
    def changed(self) -> int:
        """How many lines are new or gone."""
        return sum(line[:1] in {"+", "-"} for line in self.lines)


def starter_of(kata: Kata) -> Exhibit:
    """Return the pristine starter."""
    return _exhibit(SOLUTIONS / kata.name / "starter", SOLUTIONS / kata.name / "starter.toml")


def reference_of(kata: Kata) -> Exhibit:
    """Return the reference."""
    folder = SOLUTIONS / kata.name / "reference"
    return _exhibit(folder, folder / "about.toml")


def exhibits_of(kata: Kata, kind: str) -> tuple[Exhibit, ...]:
    """Return the kata's `alternatives` or `mistakes`, by name."""
    found = sorted((SOLUTIONS / kata.name / kind).glob("*/about.toml"))
    return tuple(_exhibit(about.parent, about) for about in found)


def _exhibit(folder: Path, about: Path) -> Exhibit:
    says = tomllib.loads(about.read_text(encoding="utf-8"))
    told = says.get("misconception", says.get("trade_offs", "")).strip()
    return Exhibit(load_entry(folder), says.get("title", ""), told, says.get("source", ""))


def differences(before: Submission, after: Submission) -> list[Difference]:
    """Return how the code of one submission differs from that of another, file by file."""
    old, new = _code(before), _code(after)
    found = []
    for file in sorted(old.keys() | new.keys()):
        a, b = old.get(file, ""), new.get(file, "")
        if a != b:
            diff = difflib.unified_diff(a.splitlines(), b.splitlines(), n=_CONTEXT, lineterm="")
            found.append(Difference(file, tuple(diff)[2:], a, b))
    return found


def _code(submission: Submission) -> dict[str, str]:
    """Return the text of each file of code, by its path."""
    code: dict[str, str] = {}
    for layer in submission.layers:
        if layer == submission.layers[-1]:
            left_out = {file for file in code for path in submission.without if f"{file}/".startswith(f"{path}/")}
            code = {file: text for file, text in code.items() if file not in left_out}
        code |= {file: path.read_text(encoding="utf-8") for file, path in _files(layer)}
    return code


def _files(layer: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(layer.rglob("*")):
        if path.suffix in {".py", ".sql", ".toml"} and path.name not in _NO_CODE and "__pycache__" not in path.parts:
            yield path.relative_to(layer).as_posix(), path
