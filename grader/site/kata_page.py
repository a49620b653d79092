"""A kata's page: its brief, what the grader finds in the starter, hints, checks, notebook, and the spoilers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.site.markup import chips, demoted, fold, outside_code, relinked, table
from grader.site.spoilers import spoilers
from grader.site.workshop import SiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.site.concepts import Concept
    from grader.site.workshop import Room, Workshop

_PARTS = ("What is wrong", "Tasks", "The contract to keep", "Three ways to fail")
"""Headings that every brief has."""
_HINT = re.compile(r"^\d\. (.*?)(?=^\d\. |\Z)", re.MULTILINE | re.DOTALL)
_HINTS = 3


def kata_page(room: Room, workshop: Workshop, concepts: Sequence[Concept], notebook: str) -> str:
    """Return the page's Markdown; `notebook` is that of its notebook, empty where it has none."""
    head, rest = _brief(room)
    parts = [
        f"---\ntitle: {room.title}\n---\n",
        f"{head}\n",
        f'<p class="facts">{_facts(room, workshop)}</p>\n',
        f"{rest}\n",
        *_background(room, workshop, concepts, notebook=bool(notebook)),
        *_hints(room),
        *_checks(room),
        f"## The notebook\n\n{demoted(notebook, 2)}\n" if notebook else "",
        *spoilers(room),
    ]
    return "\n".join(parts)


def _brief(room: Room) -> tuple[str, str]:
    """Return the brief's heading, and the rest of it with its links leading to pages of the site."""
    file = room.folder / "README.md"
    text = file.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", "".join(outside_code(text)), re.MULTILINE)
    for part in _PARTS:
        if part not in headings:
            raise SiteError(f"{file}: a brief has a section {part!r}; this one has {', '.join(headings)}")
    targets = {"hints.md": "#hints"}
    for other in room.folder.parent.glob("*/README.md"):
        targets[f"../{other.parent.name}/README.md"] = f"{other.parent.name}.md"
    try:
        text = relinked(text, targets)
    except KeyError as unknown:
        raise SiteError(f"{file}: the site has no page for the link to {unknown}") from unknown
    head, _, rest = text.partition("\n")
    return head, rest


def _facts(room: Room, workshop: Workshop) -> str:
    kata = room.kata
    after = [f'<a href="{other.kata.name}.html">{other.title}</a>' for other in workshop.rooms
             if other.kata.number in kata.requires]  # fmt: skip
    facts = [f"{kata.minutes} minutes", f"{room.points} points", f"difficulty {kata.difficulty} of 5"]
    facts += [f"best after {' and '.join(after)}"] if after else []
    return " · ".join(facts) + "<br>" + chips(kata.tags)


def _background(room: Room, workshop: Workshop, concepts: Sequence[Concept], *, notebook: bool) -> Iterator[str]:
    yield "## Background\n"
    for concept in concepts:
        if room.kata.number in concept.katas:
            yield f"- [{concept.title}](../{concept.path}): {concept.summary}"
    if notebook:
        yield "- [The notebook](#the-notebook): see it happen, measure it, mend it, measure again."
    first = workshop.shown(room.starter)
    yield "\nThis is what the grader finds in the service as it stands, before anything is changed.\n"
    yield f"**{first.title}**\n"
    yield workshop.pictures.finding(room.starter, first, "../") + "\n"


def _hints(room: Room) -> Iterator[str]:
    file = room.folder / "hints.md"
    _, *tasks = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield "## Hints\n"
    yield "Three a task: a question, a direction, and nearly the answer.\n"
    for text in tasks:
        title, _, listed = text.partition("\n")
        hints = _HINT.findall(listed.strip() + "\n")
        if len(hints) != _HINTS:
            raise SiteError(f"{file}: {title!r} has {len(hints)} hints, there must be {_HINTS}")
        yield f"### {title}\n"
        for number, hint in enumerate(hints, 1):
            yield fold("hint", f"Hint {number}", hint)


def _checks(room: Room) -> Iterator[str]:
    yield "## The checks\n"
    yield "The starter fails those that are worth points, and keeps the guards, which must go on holding.\n"
    fails = room.starter.entry.caught
    rows: list[tuple[str, ...]] = []
    for each in sorted(room.checks, key=lambda check: check.task):
        task, points = room.kata.points[each.id]
        worth = str(points) if points else "guard"
        rows.append((str(task), each.title, each.kind, worth, "fails" if each.id in fails else "holds"))
    yield table(("Task", "Check", "Kind", "Points", "The starter"), rows)
