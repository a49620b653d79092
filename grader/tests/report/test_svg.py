"""The timeline as SVG."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from grader.report.svg import timeline_svg
from grader.tests.report.examples import EXAMPLES, LOST_UPDATE, WAITS
from grader.tests.report.hostile import HOSTILE, timelines

if TYPE_CHECKING:
    from grader.verdict import Lane, Moment

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {SVG + name for name in ("svg", "title", "desc", "style", "rect", "path", "circle", "text", "g")}


def _parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 -- our own


def _words(picture: ET.Element) -> str:
    return " ".join(element.text or "" for element in picture.iter(SVG + "text"))


@pytest.mark.parametrize("across", [400, 600, 940])
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_tells_in_words(name: str, across: int) -> None:
    """The text alternative says what the picture is of, every line of it, and where it went wrong."""
    timeline = EXAMPLES[name]
    picture = _parsed(timeline_svg(timeline, across=across, name="one"))
    assert picture.get("role") == "img"
    title, desc = picture.findall(SVG + "title") + picture.findall(SVG + "desc")
    assert (picture.get("aria-labelledby"), picture.get("aria-describedby")) == (title.get("id"), desc.get("id"))
    assert timeline.title in (title.text or "")
    told = desc.text or ""
    number, bad = next((number, moment) for number, moment in enumerate(timeline.moments, 1) if moment.bad)
    line = next(line for line in told.split("Line ") if line.startswith(f"{number},"))
    assert bad.text in line
    assert "here it went wrong" in line
    assert bad.remark in line
    assert timeline.why in told


@pytest.mark.parametrize("across", [400, 600])
@pytest.mark.parametrize("name", EXAMPLES)
def test_what_went_wrong_is_seen_without_colour(name: str, across: int) -> None:
    """One number stands in another shape than the others, and one card bears a cross."""
    picture = _parsed(timeline_svg(EXAMPLES[name], across=across, alone=False))
    looks = [element.get("class") for element in picture.iter()]
    assert looks.count("badge") == looks.count("cross") == looks.count("bad") == 1


def test_waits_and_faults_are_drawn() -> None:
    """A wait is a hatched bar with a word at its end, a fault has a sign and a dashed card of its own."""
    picture = _parsed(timeline_svg(WAITS))
    assert [e.get("class") for e in picture.iter(SVG + "rect")].count("wait lane1") == 1
    assert "went on: 1 row" in _words(picture)
    looks = [element.get("class") for element in _parsed(timeline_svg(EXAMPLES["crash"])).iter()]
    assert looks.count("fault") == looks.count("bolt") == 1


def test_a_long_name_leaves_room_for_the_outcome() -> None:
    """Where lanes stand close together, what a lane ended with is not what is cut."""
    retry = replace(LOST_UPDATE.lanes[1], label="the retry, on the other replica", outcome="201")
    picture = timeline_svg(replace(LOST_UPDATE, lanes=(LOST_UPDATE.lanes[0], retry)), across=400, alone=False)
    assert _words(_parsed(picture)).endswith("… 201")


@pytest.mark.parametrize("across", [400, 600, 940])
@pytest.mark.parametrize("name", [*EXAMPLES, "hostile"])
def test_nothing_stands_outside(name: str, across: int) -> None:
    """All that is drawn lies within the picture, and it scales with its surroundings."""
    picture = _parsed(timeline_svg(EXAMPLES.get(name, HOSTILE), across=across))
    _, _, width, height = map(float, (picture.get("viewBox") or "").split())
    assert width == across
    for group in [picture, *picture.iter(SVG + "g")]:
        moved = re.findall(r"[\d.]+", group.get("transform") or "0 0")
        for element in group:
            right = float(moved[0]) + float(element.get("x") or 0) + float(element.get("width") or 0)
            bottom = float(moved[1]) + float(element.get("y") or 0) + float(element.get("height") or 0)
            assert right <= width
            assert bottom <= height


@given(timelines())
def test_whatever_it_holds(lanes_and_moments: tuple[tuple[Lane, ...], tuple[Moment, ...]]) -> None:
    """Any text makes well-formed XML with nothing in it that loads or runs."""
    lanes, moments = lanes_and_moments
    for across in (400, 940):
        text = timeline_svg(replace(LOST_UPDATE, lanes=lanes, moments=moments), across=across)
        picture = _parsed(text)
        assert {element.tag for element in picture.iter()} <= DRAWN
        assert not any(name.startswith("on") or "href" in name for e in picture.iter() for name in e.keys())  # noqa: SIM118 -- an Element is no mapping


def test_texts_are_shown_as_they_are() -> None:
    """What looks like markup is text, and what would act is written out."""
    words = _words(_parsed(timeline_svg(HOSTILE)))
    assert "</style>" in words
    assert r"\x1b" in words
    assert _parsed(timeline_svg(HOSTILE)).find(f".//{SVG}style/*") is None


def test_the_style_loads_nothing() -> None:
    """Fonts are those of the reader, in light and dark."""
    style = _parsed(timeline_svg(LOST_UPDATE)).findtext(SVG + "style") or ""
    assert "prefers-color-scheme:dark" in style
    assert not re.search(r"url|@import|@font-face", style)
