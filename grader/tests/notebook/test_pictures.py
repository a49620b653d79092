"""Pictures: what a reader who sees no colour, or no picture, is told."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from grader.notebook import Crash, Picture, Played, Schedules, Series, bars, curves, strip, timeline, tree
from grader.verdict import Finding, Lane, Moment, Timeline

TIMELINE = Timeline("One of two wins.", (Lane("request A"), Lane("request B")), (Moment(0, "COMMIT"),))


def _played(schedule: str, wrong: str, kind: int) -> Played:
    steps = tuple("SELECT 1" if schedule[:at].count(name) == 0 else "COMMIT" for at, name in enumerate(schedule))
    return Played(tuple(schedule), steps, (200, 200), wrong, kind, TIMELINE)


PICTURES = {
    "curves": curves("Growth", "orders", "statements", [Series("a", [(1, 9), (10, 90)])], limit=("most", 40)),
    "bars": bars("Left behind", ["starter"], "rows", {"payments": [20], "charges": [1]}),
    "tree": tree("Two", Schedules((_played("AABB", "", 1), _played("ABAB", "one is lost", 2)))),
    "strip": strip("Crashes", {"starter": (Crash("", "", 0, "", ""), Crash("cut", "after", 1, "COMMIT", "2 rows"))}),
    "timeline": timeline(TIMELINE),
}


@pytest.fixture(params=PICTURES)
def picture(request: pytest.FixtureRequest) -> Picture:
    """Each kind of picture in turn."""
    return PICTURES[request.param]


def test_its_text_goes_with_it(picture: Picture) -> None:
    """A front end finds the text as alt, a text one shows it, and the SVG says it itself."""
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/svg+xml"]["alt"] == picture.text
    svg = ET.fromstring(data["image/svg+xml"])  # noqa: S314 -- our own
    title = svg.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.get("id", "no id") in svg.get("aria-labelledby", "")


def test_it_loads_nothing(picture: Picture) -> None:
    """All of it is in it."""
    assert not re.findall(r'(?:href|src)="(?!#)[^"]*"|url\((?!#)', picture.svg)


def test_what_it_refers_to_is_in_it(picture: Picture) -> None:
    """Every reference leads to an id of its own."""
    ids = set(re.findall(r'\bid="([^"]+)"', picture.svg))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture.svg)) <= ids


def test_figures_are_told_in_words() -> None:
    """The text holds the numbers and what the axes mean."""
    assert PICTURES["curves"].text == "Growth. Across: orders. Up: statements. a: 9 at 1, 90 at 10; most: 40."
    assert PICTURES["bars"].text == "Left behind. Along: rows. starter: payments 20, charges 1."


def test_wrong_schedules_are_marked_without_colour() -> None:
    """A cross and a check, a letter for each step, a class for each schedule."""
    svg, text = PICTURES["tree"].svg, PICTURES["tree"].text
    assert (svg.count("✕"), svg.count("✓")) == (1, 1)
    assert "A.B.A.B  200 200  class 2" in svg
    assert "2 schedules, 2 classes, 1 schedules wrong" in text
    assert "A.B.A.B answers 200, 200, one is lost" in text


def test_wrong_crashes_are_marked_without_colour() -> None:
    """A cross and a hatch, the fault below it."""
    svg, text = PICTURES["strip"].svg, PICTURES["strip"].text
    assert (svg.count("✕"), svg.count("✓")) == (1, 1)
    assert "<pattern" in svg
    assert text == "Crashes. starter: 2 tried, 1 wrong (1 times 2 rows): cut after step 1 (COMMIT)."


def test_a_finding_without_a_schedule_has_no_picture() -> None:
    """It is refused with a reason, instead of an empty picture."""
    with pytest.raises(ValueError, match="no schedule"):
        timeline(Finding("counted", "20", "1"))
