"""A finding as a page of the site shows it: its schedule as an SVG file, light and dark, wide and narrow."""

from __future__ import annotations

import re
from html import escape
from itertools import chain
from typing import TYPE_CHECKING

from grader.report.page import caption, finding_html
from grader.report.schedule import in_words, tidied
from grader.report.svg import timeline_svg
from grader.report.terminal import command
from grader.site.markup import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.site.exhibits import Exhibit
    from grader.site.gallery import Shown
    from grader.verdict import Timeline

_WIDE, _NARROW = 740, 380
"""In units of which 13 are the height of a letter: as wide as a page's text, and as a telephone."""
_TURN = "(max-width: 44em)"
"""Where the narrow picture takes over."""
FOLDER = "katas/pictures"


class Pictures:
    """The pictures of the site: made once, however many pages show them; `files` are their texts by path."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def finding(self, exhibit: Exhibit, shown: Shown, root: str) -> str:
        """Return a finding as one line of HTML, for a page from which `root` leads to the top of the site."""
        drawn = finding_html(
            shown.finding, exhibit.layers, lambda timeline: self._figure(exhibit, shown, timeline, root)
        )
        below = (part.replace("<h4>", '<p class="shown">').replace("</h4>", "</p>") for part in drawn)
        return one_line(chain(['<div class="finding">'], below, [_again(exhibit, shown), "</div>"]))

    def schedule(self, exhibit: Exhibit, shown: Shown, root: str) -> str:
        """Return only the picture of a finding's schedule, with its caption, as one line of HTML."""
        if shown.timeline is None:
            raise ValueError(f"{exhibit.entry.name}: {shown.check} finds no schedule that could be drawn")
        return one_line(chain(self._figure(exhibit, shown, tidied(shown.timeline), root), [_again(exhibit, shown)]))

    def _figure(self, exhibit: Exhibit, shown: Shown, timeline: Timeline, root: str) -> Iterator[str]:
        submission = exhibit.entry.submission
        name = f"{FOLDER}/{submission.kata.number:02d}-{exhibit.name}-{shown.check}".replace("_", "-")
        sizes = {}
        for look, across in (("wide", _WIDE), ("narrow", _NARROW)):
            svg = timeline_svg(timeline, across=across, alone=False)
            self.files[f"{name}.{look}.svg"] = svg
            sizes[look] = f'width="{across}" height="{_height(svg)}"'
        told = f"{timeline.title}: {timeline.anomaly}." if timeline.anomaly else timeline.title
        yield '<figure class="schedule"><picture>'
        yield f'<source media="{_TURN}" srcset="{root}{name}.narrow.svg" {sizes["narrow"]}>'
        yield f'<img src="{root}{name}.wide.svg" {sizes["wide"]} loading="lazy" alt="{escape(told)} In words below.">'
        yield "</picture>"
        yield from caption(timeline)
        yield '<details class="words"><summary>The same in words</summary><ol>'
        yield from (f"<li>{escape(sentence)}</li>" for sentence in in_words(timeline))
        yield "</ol></details></figure>"


def _again(exhibit: Exhibit, shown: Shown) -> str:
    """Return what is typed to see the finding again."""
    kata = exhibit.entry.submission.kata.name
    file = f"katas/{kata}/kata.toml"  # the starter is what a learner has
    if exhibit.name != "starter":
        file = f"solutions/{kata}/{exhibit.entry.name}/about.toml"
    typed = escape(command(f"{file}::{shown.check}", shown.timeline))
    typed = typed.replace("--replay", '<span class="whole">--replay</span>')
    return f'<p class="again">Again: <code>{typed}</code></p>'


def _height(svg: str) -> str:
    found = re.search(r'viewBox="0 0 \d+ (\d+)"', svg)
    assert found is not None  # noqa: S101 -- every picture has one
    return found[1]
