"""Rules about files: all are there, none is too many, and what is said twice is said the same."""

from __future__ import annotations

import filecmp
import re
from pathlib import Path
from typing import TYPE_CHECKING

from grader.contract import transcripts
from grader.contract.dossier import OVERLAID, Dossier, Fault, files_in
from grader.kata import KataError, load_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = (
    "starter/README.md",
    "starter/kata.toml",
    "starter/hints.md",
    "starter/schema.sql",
    "starter/app/__init__.py",
    "starter/app/main.py",
    "starter.toml",
    "reference/about.toml",
    "reference/app/main.py",
)
FEWEST_ALTERNATIVES = 2
FEWEST_MISTAKES = 8
_ABOUT = {
    "starter": {"title", "misconception", "source", "caught", "said"},
    "reference": {"title", "why"},
    "alternatives": {"title", "trade_offs", "without"},
    "mistakes": {"title", "misconception", "source", "caught", "without"},
}
_OPTIONAL = {"source", "without"}
_TOP = {"starter", "starter.toml", "reference", *OVERLAID, "transcripts"}
_BESIDE_APP = {
    "starter": {"README.md", "kata.toml", "hints.md", "schema.sql"},
    "reference": {"about.toml", "schema.sql"},
    "alternatives": {"about.toml", "schema.sql"},
    "mistakes": {"about.toml", "schema.sql"},
}
_IN_APP = {".py", ".sql", ".lua", ".json", ".toml"}


def needed_files_are_there(dossier: Dossier) -> Iterator[Fault]:
    """A kata has its brief, hints, starter, reference, two alternatives and eight mistakes."""
    for file in NEEDED:
        if not (dossier.solutions / file).is_file():
            yield dossier.fault(file, "is missing")
    for kind, fewest in zip(OVERLAID, (FEWEST_ALTERNATIVES, FEWEST_MISTAKES), strict=True):
        count = len(dossier.folders(kind))
        if count < fewest:
            yield dossier.fault(kind, f"there are {count}, at least {fewest} are needed")


def no_file_is_stray(dossier: Dossier) -> Iterator[Fault]:
    """There is no file that nobody reads."""
    for path in files_in(dossier.solutions):
        kind, *rest = path.parts
        if kind == "transcripts" or (kind in _TOP and not rest):
            continue
        inner = rest[1:] if kind in OVERLAID else rest
        beside = len(inner) == 1 and inner[0] in _BESIDE_APP.get(kind, ())
        within = len(inner) > 1 and inner[0] == "app" and path.suffix in _IN_APP
        if not beside and not within:
            yield dossier.fault(path.as_posix(), "is stray: no file of a kata has this place or kind")
    for folder in dossier.overlays():
        if not any(files_in(folder)):
            yield dossier.fault(folder.relative_to(dossier.solutions).as_posix(), "is empty")


def every_solution_says_what_it_is(dossier: Dossier) -> Iterator[Fault]:
    """`about.toml` has the texts of its kind and no others, and names checks that there are."""
    for folder in (dossier.starter, dossier.solutions / "reference", *dossier.overlays()):
        name = folder.relative_to(dossier.solutions)
        kind = name.parts[0]
        file = "starter.toml" if kind == "starter" else f"{name.as_posix()}/about.toml"
        if not (dossier.solutions / file).is_file():
            if kind in OVERLAID:
                yield dossier.fault(file, "is missing")
            continue
        try:
            load_entry(folder)
        except KataError as error:
            yield dossier.fault(file, str(error).partition(": ")[2])
            continue
        table = dossier.table(file)
        for key in sorted(_ABOUT[kind] ^ set(table)):
            if key not in _ABOUT[kind]:
                yield dossier.fault(file, f"{key} is none of {', '.join(sorted(_ABOUT[kind]))}")
            elif key not in _OPTIONAL:
                yield dossier.fault(file, f"{key} is missing")
        for key in ("title", "misconception", "why", "trade_offs"):
            if key in table and not str(table[key]).strip():
                yield dossier.fault(file, f"{key} is empty")


def overlays_hold_what_differs(dossier: Dossier) -> Iterator[Fault]:
    """An alternative or a mistake holds no file that is equal to the reference's, but where it does `without` that."""
    reference = dossier.solutions / "reference"
    for folder in dossier.overlays():
        about = dossier.table((folder / "about.toml").relative_to(dossier.solutions).as_posix())
        without = {Path(path) for path in about.get("without", [])}
        for file in files_in(folder):
            if without & {file, *file.parents}:
                continue
            if (reference / file).is_file() and filecmp.cmp(folder / file, reference / file, shallow=False):
                yield dossier.fault(
                    (folder / file).relative_to(dossier.solutions).as_posix(), "is equal to the reference's"
                )


def transcripts_are_those_of_the_corpus(dossier: Dossier) -> Iterator[Fault]:
    """There is a transcript of the starter and of every mistake, each with the checks that catch it, and no other."""
    again = f"kata dev record {dossier.kata.number:02d}"
    caught = {f"mistakes/{entry.submission.folder.name}": set(entry.caught) for entry in dossier.mistakes()}
    caught["starter"] = set(dossier.table("starter.toml").get("caught", {}))
    place = dossier.solutions / "transcripts"
    recorded = {file.as_posix().removesuffix(".txt") for file in files_in(place)} if place.is_dir() else set()
    for name in sorted(set(caught) | recorded):
        file = f"transcripts/{name}.txt"
        if name not in caught:
            yield dossier.fault(file, f"is stray: there is no such mistake; {again} drops it")
            continue
        if name not in recorded:
            yield dossier.fault(file, f"is missing; {again} writes it")
            continue
        shown = set(transcripts.read(dossier.solutions / file))
        lacking, stray = sorted(caught[name] - shown), sorted(shown - caught[name])
        if lacking:
            yield dossier.fault(file, f"lacks {', '.join(lacking)}; {again} writes it anew")
        if stray:
            yield dossier.fault(file, f"shows {', '.join(stray)}, which do not catch it; {again} drops them")


def nothing_is_left_to_do(dossier: Dossier) -> Iterator[Fault]:
    """No file says TODO."""
    for file in files_in(dossier.solutions):
        for number, line in enumerate(dossier.text(file.as_posix()).splitlines(), 1):
            if found := re.search(r"\bTODO\b:?\s*(.*)", line):
                yield dossier.fault(f"{file.as_posix()}:{number}", f"TODO {found[1]}".rstrip(' "|*'))


def the_attempt_is_the_starter(dossier: Dossier) -> Iterator[Fault]:
    """The folder that learners get is equal to the pristine starter; so it is in a fresh clone, and not for ever."""
    where = f"katas/{dossier.name}"
    if not dossier.attempt.is_dir():
        yield Fault(where, "is missing; it is a copy of the starter")
        return
    for file in sorted({*files_in(dossier.starter), *files_in(dossier.attempt)}):
        if problem := _difference(dossier.starter / file, dossier.attempt / file):
            yield Fault(f"{where}/{file.as_posix()}", problem)


def _difference(pristine: Path, attempted: Path) -> str | None:
    if not attempted.is_file():
        return "is missing; the starter has it"
    if not pristine.is_file():
        return "is stray: the starter has no such file"
    return None if filecmp.cmp(pristine, attempted, shallow=False) else "differs from the starter's"
