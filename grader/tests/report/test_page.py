"""The page of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from grader.kata import Kata, Task
from grader.report.page import Graded, page
from grader.tests.report.examples import CRASH, LOST_UPDATE, finding, result
from grader.tests.report.hostile import HOSTILE, NASTY
from grader.verdict import CheckResult, Evidence, Outcome, Place, Verdict

KATA = Kata(
    4,
    "optimistic_locking",
    "Add optimistic locking",
    60,
    2,
    (),
    (),
    ("postgres",),
    (
        Task(1, "A stale save is refused", 20, {"stale": 4}),
        Task(2, "One of two wins", 20, {"one-of-two": 8, "kept": 0}),
    ),
)
VOID = {"meta", "br", "path", "rect", "circle"}


@dataclass
class Element:
    """One element of the page, with the text in it and how deep it stands."""

    tag: str
    attributes: dict[str, str]
    above: tuple[str, ...]
    text: str = ""


@dataclass
class Reader(HTMLParser):
    """Reads a page as a browser does, and takes note of what is not closed."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        attributes = {name: value or "" for name, value in attrs}
        if tag in {"td", "th", "dd", "p"}:
            self.handle_data(" ")
        element = Element(tag, attributes, tuple(each.tag for each in self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element without an end."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, ()))

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the last one opened."""
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        """Add to the text of all that is open."""
        for element in self.open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        """Take note of a comment."""
        self.comments.append(data)

    def all(self, *tags: str) -> list[Element]:
        """Return the elements with one of these tags."""
        return [element for element in self.elements if element.tag in tags]


def graded(name: str, *results: CheckResult) -> Graded:
    """Return what a page shows of a submission."""
    verdict = Verdict(f"/tmp/{name}", KATA.name, "embedded", {"postgres": "18.6"}, 1, results)  # noqa: S108 -- never opened
    return Graded(
        verdict,
        KATA,
        name,
        (Path(__file__).parent,),
        {check: f"{name}/kata.toml::{check}" for check in ("stale", "one-of-two")},
    )


def read(*shown: Graded) -> Reader:
    """Return the page of these submissions as it was read."""
    reader = Reader()
    reader.feed(page(shown))
    reader.close()
    assert reader.open == []
    return reader


PASSED = CheckResult("stale", "A stale save is refused.", 1, "behaviour", 4, Outcome.PASSED)
WRONG = replace(result(LOST_UPDATE), check="one-of-two", points=8)
ALICE = graded("alice/04", PASSED, WRONG)
BOB = graded("bob/04", replace(PASSED, outcome=Outcome.BLOCKED, message="it did not start\n  SyntaxError"))
FOUND = replace(
    finding(HOSTILE), done=NASTY, seen=NASTY, expected=NASTY, evidence=(Evidence(NASTY, (NASTY,) * 3, Place(NASTY, 1)),)
)
MALLORY = graded(
    NASTY,
    replace(result(HOSTILE), check="one-of-two", title=NASTY, finding=FOUND),
    replace(PASSED, outcome=Outcome.ERROR, message=NASTY, title=NASTY),
)
PAGES = {"one": (ALICE,), "two": (ALICE, BOB), "hostile": (MALLORY, ALICE), "none": ()}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_loaded_and_nothing_runs(name: str) -> None:
    """There is no script, and no address but those of places on the page itself."""
    reader = read(*PAGES[name])
    assert not reader.all("script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image")
    ids = [element.attributes["id"] for element in reader.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in reader.elements:
        assert not [attribute for attribute in element.attributes if attribute.startswith(("on", "src", "style"))]
        if "href" in element.attributes:
            assert element.attributes["href"].removeprefix("#") in ids
    assert not any(re.search(r"url\(|@import|@font-face", style.text) for style in reader.all("style"))
    assert not reader.comments


@pytest.mark.parametrize("name", PAGES)
def test_its_structure(name: str) -> None:
    """One heading of the first level, none skipped, landmarks with names, tables with headers."""
    reader = read(*PAGES[name])
    assert reader.all("html")[0].attributes["lang"] == "en"
    assert len(reader.all("main")) == len(reader.all("h1")) == 1
    levels = [int(heading.tag[1]) for heading in reader.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    named = {element.attributes.get("id") for element in reader.elements}
    for part in reader.all("section", "article", "nav"):
        assert part.attributes["aria-labelledby"] in named
    for header in reader.all("th"):
        assert header.attributes["scope"] in {"col", "row", "rowgroup"}
    assert len(reader.all("caption")) == len(reader.all("section"))


def test_what_it_shows() -> None:
    """Points, checks with their outcome in words, the finding, its picture in words, and the command."""
    reader = read(ALICE, BOB)
    text = " ".join(reader.all("body")[0].text.split())
    for words in (
        "2 submissions graded",
        "alice/04 Add optimistic locking 1 passed, 1 failed 4 of 12",
        "Task 2 · One of two wins 0 of 8",
        "14 schedules, 4 classes, complete",
        "Seen both were answered 200, and the title of B is gone",
        "here it went wrong: written from line 1; line 4 changed the row since",
        "Nearest good order: 4 before 1.",
        "Again: pytest alice/04 --replay one-of-two-edits-wins:A.BBB.AA",
        "Again: pytest bob/04/kata.toml::stale",
        "2 of 3 checks were not run.",
    ):
        assert words in text
    assert "it did not start\n  SyntaxError" in reader.all("pre")[-1].text


def test_texts_are_shown_as_they_are() -> None:
    """A text that looks like markup is text everywhere, and what would act is written out."""
    text = page((MALLORY,))
    assert "<img" not in text
    assert "<script" not in text
    assert text.encode("utf-8").decode("utf-8") == text
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert r"\x1b[31m\u202e\ud800\uffff" in read(MALLORY).all("h2")[0].text


def test_a_long_output_is_cut() -> None:
    """Evidence without end does not make a page without end."""
    found = replace(PASSED, outcome=Outcome.BLOCKED, message="\n".join(["x" * 5_000] * 2_000))
    assert len(page((graded("x", found),))) < 1_000_000


def test_the_line_of_code(tmp_path: Path) -> None:
    """Beside the place where it went wrong stands the learner's own line."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "gateway.py").write_text("\n" * 40 + "    await charge(order)  # <b>\n")
    found = replace(WRONG, finding=finding(CRASH))
    reader = read(replace(graded("x", found), folders=(tmp_path,)))
    assert "await charge(order)  # <b>" in [pre.text for pre in reader.all("pre")]
