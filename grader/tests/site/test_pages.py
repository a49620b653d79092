"""Pages of katas and notebooks, and the pieces that they are made of."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from markdown import markdown  # type: ignore[import-untyped]  # it ships no types

from grader.site.catalogue import prerequisites
from grader.site.concepts import Concept
from grader.site.exhibits import differences
from grader.site.kata_page import kata_page
from grader.site.markup import demoted, fence, lightened, one_line, relinked
from grader.site.notebook import notebook
from grader.site.spoilers import spoilers
from grader.site.workshop import SiteError, Workshop, all_rooms

if TYPE_CHECKING:
    from pathlib import Path


def test_a_kata_page_is_made_from_its_files(tmp_path: Path) -> None:
    """It has the brief with its links led to the site, hints folded, checks with points, and the spoilers folded."""
    room = next(room for room in all_rooms() if room.kata.number == 3)
    workshop = Workshop((replace(room, mistakes=()),), tmp_path)
    concept = Concept("concepts/n-plus-one.md", "N+1", "one statement for each row", (3,))
    text = kata_page(room, workshop, [concept], "## Seen\n\nA figure.")
    assert text.index("# 03 Fix the N+1") < text.index("## Three ways to fail") < text.index("## Hints")
    assert "[hints.md](#hints)" in text
    assert "- [N+1](../concepts/n-plus-one.md): one statement for each row" in text
    assert text.count("details | Hint 3") == len(room.kata.tasks)
    assert "| 1 | The number of statements does not grow with the number of orders. | cost | 4 | fails |" in text
    assert "#### Seen" in text
    for alternative in room.alternatives:
        assert f"#### {alternative.title} {{#alternative-{alternative.anchor}}}" in text
    assert f"(../{room.gallery}#inner-loops-left)" in text


def test_a_difference_has_only_what_differs() -> None:
    """A mistake is shown by its own lines, not by the files that it lies over."""
    room = next(room for room in all_rooms() if room.kata.number == 4)
    exhibit = next(each for each in room.mistakes if each.name == "restock_reads_and_writes_back")
    assert {each.file for each in exhibit.against_reference} == {"app/features/books/restock_book.py"}
    reference = room.reference.entry.submission
    assert differences(reference, reference) == []


def test_a_file_that_is_left_out_is_gone() -> None:
    """A mistake without a file of the reference is shown with that file's lines taken away."""
    room = next(room for room in all_rooms() if room.kata.number == 1)
    exhibit = next(each for each in room.mistakes if each.entry.submission.without)
    folder = exhibit.entry.submission.without[0]
    gone = [each for each in exhibit.against_reference if each.file.startswith(folder) and not each.after]
    assert gone
    assert all(line[0] in "-@" for each in gone for line in each.lines)


def test_a_file_is_shown_once() -> None:
    """What is gone is named, a new file is shown whole, and only what was changed has a diff beside it."""
    room = next(room for room in all_rooms() if room.kata.number == 1)
    shown = "\n".join(spoilers(room))
    assert "Gone: `app/controllers/__init__.py`, " in shown
    assert 'title="app/controllers/' not in shown
    _, _, new = shown.partition("#### `app/features/books/restock_book.py`, new\n\n")
    assert new.startswith("```python\n")


def test_prerequisites_lead_downwards() -> None:
    """A kata stands below those that are best done before it, and no two stand on the same place."""
    rooms = all_rooms()
    drawn = prerequisites(rooms, "../")
    found = re.findall(r'<a href="\.\./katas/(\w+)\.html"><rect x="(\d+)" y="(\d+)"', drawn)
    places = {name: (int(x), int(y)) for name, x, y in found}
    names = {room.kata.number: room.kata.name for room in rooms}
    assert places.keys() == set(names.values())
    assert len(set(places.values())) == len(rooms)
    for room in rooms:
        for before in room.kata.requires:
            assert before not in names or places[names[before]][1] < places[room.kata.name][1]


def test_a_title_in_a_picture_is_whole() -> None:
    """A term of the glossary gets no tooltip in a picture, which could not hold one."""
    drawn = prerequisites(all_rooms(), "../")
    page = markdown(f"{drawn}\n\nAn outbox.\n\n*[outbox]: a table", extensions=["abbr", "md_in_html"])
    assert page.count("<abbr") == 1
    assert f">{all_rooms()[1].title}</text>" in page


def _notebook(folder: Path, *cells: dict[str, Any]) -> Path:
    file = folder / "03_n_plus_one.ipynb"
    file.write_text(json.dumps({"cells": list(cells), "nbformat": 4}), encoding="utf-8")
    return file


def test_a_notebook_becomes_light_markdown(tmp_path: Path) -> None:
    """Texts, code and outputs are kept; a picture becomes a file with its alternative text."""
    picture = {
        "output_type": "execute_result",
        "data": {"image/svg+xml": ["<svg/>"], "text/plain": ["Figure"]},
        "metadata": {"image/svg+xml": {"alt": "bars: 1 < 2"}},
    }
    printed = {"output_type": "stream", "name": "stdout", "text": ["59 statements\n"]}
    file = _notebook(
        tmp_path,
        {"cell_type": "markdown", "source": ["# Title\n", "See [it](../katas/04_optimistic_locking/README.md)."]},
        {"cell_type": "code", "source": ["# NBVAL_CHECK_OUTPUT\n", "count()"], "outputs": [printed, picture]},
    )
    files: dict[str, str] = {}
    text = notebook(file, files)
    assert "# Title" not in text
    assert "[it](04_optimistic_locking.md)" in text
    assert "```python\ncount()\n```" in text
    assert "```text\n59 statements\n```" in text
    assert 'alt="bars: 1 &lt; 2"' in text
    assert 'class="drawn on-white"' in text
    assert files == {"katas/pictures/03-n-plus-one-2-2.svg": "<svg/>"}


def test_a_notebook_that_failed_stops_the_build(tmp_path: Path) -> None:
    """An error in a cell is not published."""
    wrong = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    file = _notebook(tmp_path, {"cell_type": "code", "source": "d['x']", "outputs": [wrong]})
    with pytest.raises(SiteError, match="a cell ended with KeyError"):
        notebook(file, {})


def test_code_in_a_text_stays_as_it_is() -> None:
    """Headings move down and comments in code do not; a fence is longer than those in it; HTML keeps to one line."""
    assert demoted("# A\n\n```sh\n# not one\n```\n\n## B\n", 2) == "### A\n\n```sh\n# not one\n```\n\n#### B\n"
    assert fence("```\nx\n```", "md") == "````md\n```\nx\n```\n````\n"
    assert one_line(["<pre>a", "`b`</pre>", "<p>c</p>"]) == "<pre>a&#10;&#96;b&#96;</pre><p>c</p>"


def test_code_is_light() -> None:
    """Tags that change nothing are taken away, lines of a diff that are alike share one, and the text stays."""
    code = '<span class="k">def</span><span class="w"> </span><span class="n">a</span><span class="p">()</span>'
    assert lightened(code) == '<span class="k">def</span> a<span class="p">()</span>'
    lines = '<span class="gi">+a</span>\n<span class="gi">+b</span>\n<span class="gd">-c</span>\n d\n'
    assert lightened(lines) == '<span class="gi">+a\n+b</span>\n<span class="gd">-c</span>\n d\n'


def test_links_to_files_lead_to_pages() -> None:
    """A link keeps its anchor, those to elsewhere stay as they are, and one to a file that is no page is an error."""
    targets = {"../05_idempotency/README.md": "05_idempotency.md"}
    text = "[a](../05_idempotency/README.md#one) [b](https://example.org/c) [d](#e)\n"
    assert relinked(text, targets) == "[a](05_idempotency.md#one) [b](https://example.org/c) [d](#e)\n"
    with pytest.raises(KeyError, match="README"):
        relinked("[x](README.md)", targets)
