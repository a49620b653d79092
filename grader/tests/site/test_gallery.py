"""The gallery: what breaks a mistake is found by running it, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.kata import SOLUTIONS, load_kata
from grader.site.exhibits import exhibits_of
from grader.site.gallery import NotCaughtError, hang, telling_check
from grader.site.gallery_page import gallery_page
from grader.site.workshop import Workshop, all_rooms

if TYPE_CHECKING:
    from pathlib import Path

    from grader.site.exhibits import Exhibit

KATA = "04_optimistic_locking"


def _mistake(name: str) -> Exhibit:
    return next(exhibit for exhibit in exhibits_of(load_kata(KATA), "mistakes") if exhibit.name == name)


def _with_layer(exhibit: Exhibit, layer: Path) -> Exhibit:
    submission = exhibit.entry.submission
    return replace(
        exhibit,
        entry=replace(exhibit.entry, submission=replace(submission, layers=(*submission.layers, layer))),
    )


def test_what_breaks_a_mistake_is_found_once(tmp_path: Path) -> None:
    """A mistake is run for its schedule, and what was found is used again until something of it changes."""
    said: list[str] = []
    exhibit = _mistake("compared_then_written")
    found = hang([exhibit], tmp_path, said.append)[exhibit.entry.submission.folder]
    assert found.timeline is not None
    assert found.timeline.anomaly == "lost update"
    assert said

    said.clear()
    again = hang([exhibit], tmp_path, said.append)[exhibit.entry.submission.folder]
    assert again == found
    assert not said

    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "notes.txt").write_text("changed", encoding="utf-8")
    hang([_with_layer(exhibit, layer)], tmp_path, said.append)
    assert said


def test_a_mistake_that_is_none_stops_the_build(tmp_path: Path) -> None:
    """Where the check named for a mistake passes there is nothing to show, and the build says which."""
    exhibit = _with_layer(_mistake("no_row_is_always_stale"), SOLUTIONS / KATA / "reference")
    with pytest.raises(NotCaughtError, match=r"no_row_is_always_stale: an-unknown-book-is-not-found was to fail"):
        hang([exhibit], tmp_path, lambda _: None)


def test_the_most_telling_check_draws_a_schedule() -> None:
    """Of the checks that catch a mistake one is shown that has a schedule, where there is such a one."""
    assert telling_check(_mistake("delete_unguarded")) == "save-against-delete"
    assert telling_check(_mistake("no_row_is_always_stale")) == "an-unknown-book-is-not-found"


def test_the_page_shows_lines_thought_and_picture(tmp_path: Path) -> None:
    """A mistake is shown with the lines that differ, the misconception, and a picture that is a file of the site."""
    room = next(room for room in all_rooms() if room.kata.name == KATA)
    workshop = Workshop((replace(room, mistakes=(_mistake("compared_then_written"),)),), tmp_path)
    text = gallery_page(workshop.rooms[0], workshop)
    assert "## Compared in Python, then written {#compared-then-written}" in text
    assert '"The version is compared before anything is written' in text
    assert "```diff" in text
    picture = "katas/pictures/04-compared-then-written-one-of-two-edits-wins.wide.svg"
    assert f'src="../{picture}"' in text
    assert workshop.pictures.files[picture].startswith("<svg")
    assert '<span class="whole">--replay</span> one-of-two-edits-wins:' in text
