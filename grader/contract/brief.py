"""Rules about the brief and the hints: a learner who does what they say, in any design, must pass."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.contract.dossier import Dossier, Fault

BRIEF = "starter/README.md"
HINTS = "starter/hints.md"
SECTIONS = (
    "What is wrong",
    "Tasks",
    "The contract to keep",
    "What may be changed",
    "Three ways to fail",
    "Where to read on",
)
FAILURES = ("a race", "a breach of integrity", "a boundary")
BOX = "> **What the grader does to your service**"
STOP = "**A good place to stop.**"
STOP_AFTER = 2
FEWEST_WORDS = 3
"""A quotation of fewer words says nothing."""
_TASK = re.compile(r"^### (\d+)\. (.+) \((\d+) minutes, (?:(\d+) points?|(a guard))\)$", re.MULTILINE)
_WORTH = re.compile(r"\((\d+) points?\)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def the_brief_is_complete(dossier: Dossier) -> Iterator[Fault]:
    """The brief has its title, its sections, the box, the three failures, the place to stop and the command."""
    text, kata = dossier.text(BRIEF), dossier.kata
    if not text:
        return
    bare = _without_code(text)
    wanted = {
        f"# {kata.number:02d} {kata.title}": "its title, as in kata.toml",
        f"pytest katas/{kata.number:02d}": "the command to run",
        f"About {kata.minutes} minutes, 20 points.": "what it takes, as in kata.toml",
        BOX: "the box",
        STOP: "the place to stop after task 2",
        **{f"## {section}": "a section" for section in SECTIONS},
        **{f"| {failure} |": "one of the three ways to fail" for failure in FAILURES},
    }
    for words, what in wanted.items():
        whole_line = words.startswith("#")
        if (words not in bare.splitlines()) if whole_line else (words not in text):
            yield dossier.fault(BRIEF, f"lacks {what}: {words}")


def the_tasks_are_those_of_the_kata(dossier: Dossier) -> Iterator[Fault]:
    """Each task has its section, and in it the points of its checks, each where its property is said."""
    sections, kata = _tasks(dossier.text(BRIEF)), dossier.kata
    for number in sorted(sections.keys() - {task.number for task in kata.tasks}):
        yield dossier.fault(BRIEF, f"describes task {number}, which kata.toml does not have")
    for task in kata.tasks:
        worth = sum(task.points.values())
        told = f"{worth} point{'s' * (worth != 1)}" if worth else "a guard"
        heading = f"### {task.number}. {task.title} ({task.minutes} minutes, {told})"
        if task.number not in sections:
            yield dossier.fault(BRIEF, f"lacks the section of task {task.number}: {heading}")
            continue
        found, body = sections[task.number]
        if found != heading:
            yield dossier.fault(BRIEF, f"heads task {task.number} with {found!r}, by kata.toml it is {heading!r}")
        given = Counter(int(points) for points in _WORTH.findall(body))
        wanted = Counter(points for points in task.points.values() if points)
        if given != wanted:
            yield dossier.fault(
                BRIEF,
                f"task {task.number} gives {_sum(given)} points in brackets, its checks have {_sum(wanted)}",
            )
    if STOP_AFTER in sections and STOP not in sections[STOP_AFTER][1]:
        yield dossier.fault(BRIEF, f"the place to stop must end the section of task {STOP_AFTER}")


def every_property_is_said(dossier: Dossier) -> Iterator[Fault]:
    """For each check `said` in starter.toml quotes the words of the brief that say its property.

    A check with points is said in the section of its task, a guard anywhere.
    """
    text = dossier.text(BRIEF)
    sections, said = _tasks(text), dossier.table("starter.toml").get("said", {})
    for check in sorted(said.keys() - dossier.kata.points.keys()):
        yield dossier.fault("starter.toml", f"said names {check}, which is no check of the kata")
    for check, (task, points) in dossier.kata.points.items():
        words = said.get(check)
        if not isinstance(words, str) or len(words.split()) < FEWEST_WORDS:
            yield dossier.fault("starter.toml", f"said lacks {check}: the words of the brief that say its property")
            continue
        place = sections[task][1] if points and task in sections else text
        if " ".join(words.split()) not in " ".join(place.split()):
            where = f"in the section of task {task}" if place is not text else "in the brief"
            yield dossier.fault("starter.toml", f"said quotes for {check} what is not {where}: {words}")


def hints_are_three_a_task(dossier: Dossier) -> Iterator[Fault]:
    """Each task has three hints, under a heading of its own."""
    text = dossier.text(HINTS)
    for task in dossier.kata.tasks:
        part = text.partition(f"## Task {task.number}")[2].partition("\n## ")[0]
        found = re.findall(r"^(\d)\. ", part, re.MULTILINE)
        if text and found != ["1", "2", "3"]:
            yield dossier.fault(HINTS, f"task {task.number} has {len(found)} hints, numbered from 1; it needs three")


def links_resolve(dossier: Dossier) -> Iterator[Fault]:
    """A relative link leads to a file, seen from the folder that learners work in, or to a heading of the page."""
    for file in (BRIEF, HINTS):
        text = _without_code(dossier.text(file))
        anchors = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        for link in _LINK.findall(text):
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            if path and not any((folder / path).exists() for folder in (dossier.starter, dossier.attempt)):
                yield dossier.fault(file, f"links to {link}, which is not there")
            elif not path and anchor not in anchors:
                yield dossier.fault(file, f"links to {link}, and has no such heading")


def _tasks(text: str) -> dict[int, tuple[str, str]]:
    """Return for each task the brief's heading and what is under it."""
    found = list(_TASK.finditer(text))
    bodies = (re.split(r"^#{2,3} ", text[match.end() :], maxsplit=1, flags=re.MULTILINE)[0] for match in found)
    return {int(match[1]): (match[0], body) for match, body in zip(found, bodies, strict=True)}


def _sum(points: Counter[int]) -> str:
    return " + ".join(map(str, sorted(points.elements(), reverse=True))) or "no"


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
