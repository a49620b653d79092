"""The written pages: what they say of the code is in the code."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from grader.cli import VERBS
from grader.kata import PROJECT
from grader.site.concepts import GLOSSARY, concepts_in, terms
from grader.site.gallery import telling_check, texts_of
from grader.site.markers import Markers
from grader.site.teaching import summed
from grader.site.workshop import SiteError, Workshop, all_rooms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = PROJECT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """All katas, none of them graded."""
    return Workshop(all_rooms(), tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("page", PAGES)
def test_every_marker_means_something(page: str, workshop: Workshop) -> None:
    """Whatever stands between double braces can be looked up; a picture is of a mistake that has a schedule."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for number, name in re.findall(r"\{\{ picture (\d\d) (\w+) \}\}", text):
        room = workshop.room(number)
        exhibit = next(each for each in (room.starter, *room.mistakes) if each.name == name)
        assert " --replay " in texts_of(exhibit)[telling_check(exhibit)]
    others = re.sub(r"\{\{ picture .*? \}\}", "", text)
    assert "{{" not in Markers(workshop, concepts_in(DOCS)).expand(others, page)


def test_a_marker_that_means_nothing_is_an_error(workshop: Workshop) -> None:
    """A slip of the pen fails the build and names the page."""
    markers = Markers(workshop, [])
    with pytest.raises(SiteError, match=r"start\.md: \{\{ katsa \}\} means nothing; there are .*katas"):
        markers.expand("{{ katsa }}", "start.md")
    with pytest.raises(SiteError, match=r"start\.md: \{\{ transcript 04 starter nothing \}\}"):
        markers.expand("{{ transcript 04 starter nothing }}", "start.md")


def _texts(file: Path) -> Iterator[str]:
    """Yield the texts in a file of code, what is filled in as an ellipsis."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_troubleshooting_speaks_of_messages_that_there_are() -> None:
    """Each heading that quotes a message quotes one of the code's, its blanks as an ellipsis."""
    code = PROJECT / "grader"
    rooms = [path for path in code.rglob("*.py") if {"tests", "site"}.isdisjoint(path.relative_to(code).parts)]
    known = "\n".join(text for path in rooms for text in _texts(path))
    quoted = re.findall(r"^### `(.+)`$", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert quoted
    for message in quoted:
        pattern = ".*".join(re.escape(part) for part in message.strip("…").split("…"))
        assert re.search(pattern, known), f"the code says nothing like {message!r}"


def test_concepts_belong_to_katas(workshop: Workshop) -> None:
    """Every kata has a concept that is its background."""
    explained = {number for concept in concepts_in(DOCS) for number in concept.katas}
    assert {room.kata.number for room in workshop.rooms} <= explained


def test_terms_become_tooltips() -> None:
    """A term of the glossary is explained on other pages, in plain text."""
    assert "\n*[lost update]: Two requests read" in terms(DOCS / GLOSSARY)


def test_a_sum_is_that_of_the_table_above() -> None:
    """A plan adds up, whatever the katas' minutes are, and one table does not count into the next."""
    table = "| part | minutes |\n| --- | --- |\n| a | 15 |\n| b | 20 |\n| **In all** | **{{ sum }}** |\n"
    shown = summed(f"{table}\nText.\n\n{table}")
    assert shown.count("| **In all** | **35** |") == 2


def test_pages_speak_of_verbs_that_there_are() -> None:
    """Whatever page names a verb of the `kata` command names one that it has."""
    verbs = {verb for panel in VERBS.values() for verb in panel}
    named = [re.findall(r"`kata ([a-z]+)", (DOCS / page).read_text(encoding="utf-8")) for page in PAGES]
    said = {verb for verbs_of_page in named for verb in verbs_of_page}
    assert said
    assert said <= verbs
