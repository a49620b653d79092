"""All that there is of one kata, read for its rules."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.checks import Check, checks_of
from grader.kata import KATAS, SOLUTIONS, Entry, Kata, KataError, load_entry, load_kata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVERLAID = ("alternatives", "mistakes")
_PASSING = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a kata does not hold: where, as a path from the project's root, and what, in a line."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Faulty(Exception):  # noqa: N818 -- what the author can mend, not an error of the program
    """The kata cannot be read at all; its one argument is the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Dossier:
    """One kata: its definition, its checks, its folder of solutions, and the folder that learners work in."""

    kata: Kata
    checks: tuple[Check, ...]
    solutions: Path
    attempt: Path

    @property
    def name(self) -> str:
        """The name of all its folders."""
        return self.kata.name

    @property
    def starter(self) -> Path:
        """The pristine starter."""
        return self.solutions / "starter"

    def fault(self, file: str, what: str) -> Fault:
        """Return a fault of a file, named from the folder of solutions."""
        return Fault(f"solutions/{self.name}/{file}".rstrip("/"), what)

    def text(self, file: str) -> str:
        """Return what is in a file of the folder of solutions; empty where there is none, which is another fault."""
        path = self.solutions / file
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def table(self, file: str) -> dict[str, Any]:
        """Return a TOML file of the folder of solutions; empty where it cannot be read, which is another fault."""
        try:
            return tomllib.loads(self.text(file))
        except tomllib.TOMLDecodeError:
            return {}

    def folders(self, kind: str) -> list[Path]:
        """Return the folders of the alternatives or the mistakes."""
        place = self.solutions / kind
        return sorted(p for p in place.iterdir() if p.is_dir()) if place.is_dir() else []

    def overlays(self) -> list[Path]:
        """Return the folders of all alternatives and mistakes."""
        return [folder for kind in OVERLAID for folder in self.folders(kind)]

    def entries(self) -> list[Entry]:
        """Return all that is graded: starter, reference, alternatives, mistakes; raises KataError."""
        folders = (self.starter, self.solutions / "reference", *self.overlays())
        return [load_entry(folder) for folder in folders]

    def drop_stray_transcripts(self) -> None:
        """Remove the transcripts of mistakes that are no more."""
        there = {folder.name for folder in self.folders("mistakes")}
        for file in (self.solutions / "transcripts" / "mistakes").glob("*.txt"):
            if file.stem not in there:
                file.unlink()

    def mistakes(self) -> list[Entry]:
        """Return the mistakes, as far as they can be read."""
        found = []
        for folder in self.folders("mistakes"):
            try:
                found.append(load_entry(folder))
            except KataError:
                continue  # said by the rule about files
        return found


def open_dossier(name: str, solutions: Path = SOLUTIONS, katas: Path = KATAS) -> Dossier:
    """Read the kata with this name; Faulty where it has no definition or no checks."""
    try:
        kata = load_kata(name, solutions)
    except KataError as error:
        where, _, what = str(error).partition(": ")
        raise Faulty(Fault(where.removeprefix(f"{solutions.parent}/"), what)) from error
    module = f"grader/checks/{kata.slug}"
    try:
        importlib.import_module(module.replace("/", "."))
    except ModuleNotFoundError as error:
        raise Faulty(Fault(module, f"{error}; its checks belong there")) from error
    except Exception as error:
        raise Faulty(Fault(module, f"cannot be imported: {type(error).__name__}: {error}")) from error
    return Dossier(kata, tuple(checks_of(kata.slug)), solutions / name, katas / name)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder, relative to it; caches of tools are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not _PASSING & set(name.parts):
            yield name
