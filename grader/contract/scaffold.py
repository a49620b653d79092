"""A new kata: every file it needs, with what is still to be written marked as such."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from string import Template

from grader.kata import KATAS, PROJECT, SOLUTIONS, kata_names

_TEMPLATE = Path(__file__).parent / "template"
_SHARED = ("__init__.py", "database.py", "errors.py", "settings.py")
_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MOST = 99


class ScaffoldError(Exception):
    """No kata can be made of this number and slug; the message says why."""


def scaffold(number: int, slug: str) -> list[Path]:
    """Write a new kata and return its folders; ScaffoldError where number or slug will not do."""
    taken = {int(name[:2]): name for name in kata_names()}
    if not 0 < number <= _MOST:
        raise ScaffoldError(f"a kata's number is 1 to {_MOST}, got {number}")
    if number in taken:
        raise ScaffoldError(f"number {number:02d} is taken, by {taken[number]}; free is {max(taken) + 1:02d}")
    if not _SLUG.fullmatch(slug):
        raise ScaffoldError(f"a slug is lower-case words joined by _, as in n_plus_one; got {slug!r}")
    name = f"{number:02d}_{slug}"
    solutions, attempt, checks = SOLUTIONS / name, KATAS / name, PROJECT / "grader" / "checks" / slug
    for folder in (solutions, attempt, checks):
        if folder.exists():
            raise ScaffoldError(f"{folder.relative_to(PROJECT)} is there already")
    words = {"number": str(number), "two_digits": f"{number:02d}", "slug": slug}
    for file in sorted(path for path in (_TEMPLATE / "starter").rglob("*") if path.is_file()):
        _write(file, solutions / "starter" / file.relative_to(_TEMPLATE / "starter").with_suffix(_suffix(file)), words)
    _write(_TEMPLATE / "starter.toml", solutions / "starter.toml", words)
    _copy_shared(solutions / "starter" / "app" / "shared")
    shutil.copytree(solutions / "starter" / "app", solutions / "reference" / "app")
    _write(_TEMPLATE / "about_reference.toml", solutions / "reference" / "about.toml", words)
    for kind in ("alternatives", "mistakes"):
        (solutions / kind).mkdir()
    shutil.copytree(solutions / "starter", attempt)
    _write(_TEMPLATE / "checks.py.txt", checks / "__init__.py", words)
    return [solutions, attempt, checks]


def _suffix(file: Path) -> str:
    """Return a template's suffix without the `.txt` that keeps linters off it."""
    return "" if file.suffix == ".txt" else file.suffix


def _write(template: Path, target: Path, words: dict[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")


def _copy_shared(target: Path) -> None:
    """Take what every service shares from the first kata that has it."""
    for name in kata_names():
        shared = SOLUTIONS / name / "starter" / "app" / "shared"
        if all((shared / file).is_file() for file in _SHARED):
            target.mkdir(parents=True)
            for file in _SHARED:
                shutil.copyfile(shared / file, target / file)
            return
