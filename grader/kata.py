"""What a kata is and what is submitted to it: definitions read from `kata.toml`, never from the learner's copy."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).resolve().parent.parent
KATAS = PROJECT / "katas"
SOLUTIONS = PROJECT / "solutions"

PATH = (3, 4, 5, 2)
"""The recommended path by number; a kata that is not on it can be taken up at any time."""

_NUMBERED = re.compile(r"(\d\d)(?:_(\w+))?")


class KataError(Exception):
    """A kata's files are wrong; the message names the file, the value and what it must be."""


@dataclass(frozen=True, slots=True)
class Task:
    """One numbered task of a kata: `points` maps a check's id to what it is worth (0 for a guard)."""

    number: int
    title: str
    minutes: int
    points: dict[str, int]


@dataclass(frozen=True, slots=True)
class Kata:
    """A kata as its pristine `kata.toml` defines it; `minutes` is for a learner alone, `difficulty` 1 to 5."""

    number: int
    slug: str
    title: str
    minutes: int
    difficulty: int
    tags: tuple[str, ...]
    requires: tuple[int, ...]
    services: tuple[str, ...]
    tasks: tuple[Task, ...]
    environment: dict[str, str] = field(default_factory=dict)
    """What its services are told beside the addresses of their servers."""
    outside: str = ""
    """The variable that names a service outside, which the grader runs; empty where there is none."""
    processes: dict[str, str] = field(default_factory=dict)
    """The modules that run in the background, `python -m MODULE`, by what the kata calls them."""

    @property
    def name(self) -> str:
        """Number and slug, as every folder of the kata is named."""
        return f"{self.number:02d}_{self.slug}"

    @property
    def points(self) -> dict[str, tuple[int, int]]:
        """For each check's id its task's number and its points."""
        return {check: (task.number, points) for task in self.tasks for check, points in task.points.items()}


@dataclass(frozen=True, slots=True)
class Submission:
    """A folder to grade as `kata`; later `layers` lie over earlier ones, as a mistake lies over its reference.

    `without` are paths that the last layer does not take from those below it.
    """

    kata: Kata
    folder: Path
    layers: tuple[Path, ...]
    without: tuple[str, ...] = ()

    def write_to(self, target: Path) -> None:
        """Lay all layers into the new folder `target`, links kept as links."""
        for layer in self.layers:
            if layer == self.layers[-1]:
                for path in self.without:
                    remove(target / path)
            shutil.copytree(layer, target, symlinks=True, dirs_exist_ok=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """One of a kata's own solutions and what grading it must find.

    `caught` maps the id of each check that must fail to words that its message must contain; all others must pass.
    """

    name: str
    submission: Submission
    caught: dict[str, tuple[str, ...]]
    title: str = ""
    text: str = ""
    """Why it is done so, its trade-offs, or the misconception behind it, in Markdown."""


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find_by_number(path: Path) -> Path | None:
    """Return the folder that a path such as `katas/03` stands for, or None where it is not such a path."""
    match = _NUMBERED.fullmatch(path.name)
    if path.exists() or not match or not path.parent.is_dir():
        return None
    found = sorted(path.parent.glob(f"{match[1]}_*"))
    return found[0] if len(found) == 1 and match[2] is None else None


def kata_names(solutions: Path = SOLUTIONS) -> list[str]:
    """Return the names of all katas, by number."""
    return sorted(path.parent.parent.name for path in solutions.glob("*/starter/kata.toml"))


def load_kata(name: str, solutions: Path = SOLUTIONS) -> Kata:
    """Return the kata whose folders are named `name`; KataError where its pristine definition is missing or wrong."""
    path = solutions / name / "starter" / "kata.toml"
    if not path.is_file():
        known = ", ".join(kata_names(solutions))
        raise KataError(f"{name}: no such kata; there are {known}")
    return _kata(_read(path), path)


def load_katas() -> list[Kata]:
    """Return all katas that there are, in the order of their numbers; KataError where a definition is wrong."""
    return [load_kata(path.parent.parent.name) for path in sorted(SOLUTIONS.glob("*/starter/kata.toml"))]


def on_the_path(katas: Iterable[Kata]) -> list[Kata]:
    """Return the katas in the order in which they are best taken up: the recommended path, then the others."""
    return sorted(katas, key=lambda kata: (PATH.index(kata.number) if kata.number in PATH else len(PATH), kata.number))


def load_submission(folder: Path) -> Submission:
    """Return the submission in `folder`, a folder with a `kata.toml`.

    The kata is known by the folder's name (`03_n_plus_one`, `03`) or, where that names none, by the slug in its
    `kata.toml`; nothing else is read from there. KataError where neither tells, or where they disagree.
    """
    names = set(kata_names())
    match = _NUMBERED.fullmatch(folder.name)
    by_folder = {
        n for n in names if match and (n == folder.name or (match[2] is None and n.startswith(match[1] + "_")))
    }
    try:
        claims = _read(folder / "kata.toml")
        by_claim = {n for n in names if n.partition("_")[2] == claims.get("slug")}
    except KataError:
        if not by_folder:
            raise
        by_claim = by_folder
    if by_folder and by_claim and by_folder != by_claim:
        raise KataError(
            f"{folder / 'kata.toml'}: the folder is named {folder.name}, but the file says slug = {claims['slug']!r}; "
            f"give the folder its kata's name, or put the kata's own kata.toml back"
        )
    named = by_folder or by_claim
    if not named:
        raise KataError(f"{folder / 'kata.toml'}: slug must be that of a kata ({', '.join(sorted(names))})")
    return Submission(load_kata(named.pop()), folder, (folder,))


def load_entry(folder: Path) -> Entry:
    """Return the corpus entry in `folder`: a kata's starter, reference, an alternative or a mistake."""
    root = folder.parent if folder.name in {"starter", "reference"} else folder.parent.parent
    kata = load_kata(root.name, root.parent)
    about = root / "starter.toml" if folder.name == "starter" else folder / "about.toml"
    told = _read(about)
    caught, without = told.get("caught", {}), told.get("without", [])
    for check, words in caught.items():
        if check not in kata.points:
            raise KataError(f"{about}: caught names {check!r}, which is no check of {kata.name}")
        if not isinstance(words, list) or not words:
            raise KataError(f"{about}: the words for {check!r} must be a list of one or more texts, got {words!r}")
    overlaid = folder.parent.name in {"alternatives", "mistakes"}
    layers = (root / "reference", folder) if overlaid else (folder,)
    for path in without:
        if not overlaid or not (root / "reference" / path).exists():
            raise KataError(f"{about}: without names {path!r}, which is no path of the reference")
    name = folder.relative_to(root).as_posix()
    text = next((str(told[key]).strip() for key in ("why", "trade_offs", "misconception") if key in told), "")
    words_of = {check: tuple(words) for check, words in caught.items()}
    submission = Submission(kata, folder, layers, tuple(without))
    return Entry(name, submission, words_of, str(told.get("title", "")), text)


def load_entries(kata: Kata, kind: str) -> list[Entry]:
    """Return a kata's `alternatives` or `mistakes`, by name; KataError where one is wrong."""
    return [load_entry(path.parent) for path in sorted((SOLUTIONS / kata.name / kind).glob("*/about.toml"))]


def is_entry(folder: Path) -> bool:
    """Whether the folder is one of a kata's own solutions, which are graded against what they are there to show."""
    if SOLUTIONS not in folder.parents:
        return False
    parts = folder.relative_to(SOLUTIONS).parts
    return (len(parts) == 2 and parts[1] in {"starter", "reference"}) or (  # noqa: PLR2004 -- kata, then kind
        len(parts) == 3 and parts[1] in {"alternatives", "mistakes"}  # noqa: PLR2004 -- kata, kind, then name
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KataError(f"{path}: cannot be read: {error}") from error


def _kata(data: dict[str, Any], path: Path) -> Kata:
    def value(table: dict[str, Any], key: str, kind: type, where: str = "") -> Any:  # noqa: ANN401 -- any TOML value
        found = table.get(key)
        if not isinstance(found, kind) or isinstance(found, bool) or (isinstance(found, int) and found < 0):
            wanted = {int: "a number, 0 or more", str: "a text", list: "a list", dict: "a table"}[kind]
            raise KataError(f"{path}: {where}{key} must be {wanted}, got {found!r}")
        return found

    tasks = []
    for number, table in enumerate(value(data, "tasks", list), 1):
        where = f"task {number}: "
        points = value(table, "points", dict, where)
        for check in points:
            value(points, check, int, f"{where}points of ")
        tasks.append(Task(number, value(table, "title", str, where), value(table, "minutes", int, where), points))
    kata = Kata(
        number=value(data, "number", int),
        slug=value(data, "slug", str),
        title=value(data, "title", str),
        minutes=value(data, "minutes", int),
        difficulty=value(data, "difficulty", int),
        tags=tuple(value(data, "tags", list)),
        requires=tuple(value(data, "requires", list)),
        services=tuple(value(data, "services", list)),
        tasks=tuple(tasks),
        environment={name: str(text) for name, text in data.get("environment", {}).items()},
        outside=str(data.get("outside", "")),
        processes={name: str(module) for name, module in data.get("processes", {}).items()},
    )
    if path.parent.parent.name != kata.name:
        raise KataError(
            f"{path}: number and slug must agree with the folder {path.parent.parent.name}, got {kata.name}"
        )
    return kata
