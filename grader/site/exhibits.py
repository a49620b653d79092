"""What the site shows of a kata's own solutions: what each says of itself, and its lines against another's."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.kata import SOLUTIONS, Entry, load_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grader.kata import Kata

_CONTEXT = 2
"""Lines shown around each that differs."""
_NO_CODE = {"about.toml", "kata.toml", "starter.toml", "README.md", "hints.md"}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A solution or a mistake with its title; `told` is the misconception of a mistake, the trade-offs of a design."""

    entry: Entry
    title: str
    told: str = ""
    source: str = ""

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
        return differences(self.entry.submission.layers[:1], self.layers)


@dataclass(frozen=True, slots=True)
class Difference:
    """One file as it differs from another's: a unified diff without its head; `after` is the whole of it, new."""

    file: str
    lines: tuple[str, ...]
    after: str

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
    return Exhibit(load_entry(folder), "The reference")


def alternatives_of(kata: Kata) -> list[Exhibit]:
    """Return the other designs that pass, by name."""
    return _exhibits(kata, "alternatives")


def mistakes_of(kata: Kata) -> list[Exhibit]:
    """Return the wrong solutions, by name."""
    return _exhibits(kata, "mistakes")


def _exhibits(kata: Kata, kind: str) -> list[Exhibit]:
    folders = sorted(about.parent for about in (SOLUTIONS / kata.name / kind).glob("*/about.toml"))
    return [_exhibit(folder, folder / "about.toml") for folder in folders]


def _exhibit(folder: Path, about: Path) -> Exhibit:
    says = tomllib.loads(about.read_text(encoding="utf-8"))
    told = says.get("misconception", says.get("trade_offs", "")).strip()
    return Exhibit(load_entry(folder), says["title"], told, says.get("source", ""))


def differences(before: Sequence[Path], after: Sequence[Path]) -> list[Difference]:
    """Return how the code in the layers `after` differs from that in `before`, file by file; uppermost layers first."""
    old, new = _code(before), _code(after)
    found = []
    for file in sorted(old.keys() | new.keys()):
        a, b = old.get(file, ""), new.get(file, "")
        if a != b:
            diff = difflib.unified_diff(a.splitlines(), b.splitlines(), n=_CONTEXT, lineterm="")
            found.append(Difference(file, tuple(diff)[2:], b))
    return found


def _code(layers: Sequence[Path]) -> dict[str, str]:
    """Return the text of each file of code, by its path in the layers."""
    return {file: path.read_text(encoding="utf-8") for layer in layers[::-1] for file, path in _files(layer)}


def _files(layer: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(layer.rglob("*")):
        if path.suffix in {".py", ".sql", ".toml"} and path.name not in _NO_CODE and "__pycache__" not in path.parts:
            yield path.relative_to(layer).as_posix(), path
