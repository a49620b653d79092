"""The pages on concepts, as other pages speak of them: told by the front matter of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mkdocs.utils.meta import get_data

if TYPE_CHECKING:
    from pathlib import Path

GLOSSARY = "concepts/glossary.md"
_TERM = re.compile(r"^(\S.*)\n:   (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Concept:
    """A page on a concept: `katas` are the numbers of those that it is the background of."""

    path: str
    title: str
    summary: str
    katas: tuple[int, ...]


def concepts_in(docs: Path) -> list[Concept]:
    """Return the concepts that have a page in the site's folder, in the order of their paths."""
    found = []
    for file in sorted((docs / "concepts").glob("*.md")):
        _, says = get_data(file.read_text(encoding="utf-8"))
        if "katas" in says:
            path = file.relative_to(docs).as_posix()
            found.append(Concept(path, says["title"], says["summary"], tuple(says["katas"])))
    return found


def terms(glossary: Path) -> str:
    """Return the terms of the glossary as Markdown's abbreviations, which become tooltips on every other page."""
    found = _TERM.findall(glossary.read_text(encoding="utf-8"))
    plain = [(term, re.sub(r"\]\([^)]*\)|[\[*`]", "", text)) for term, text in found]
    return "\n" + "".join(f"\n*[{term}]: {text}" for term, text in plain) + "\n"
