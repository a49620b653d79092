"""The timeline as Mermaid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given

from grader.report.mermaid import timeline_mermaid
from grader.tests.report.examples import EXAMPLES, LOST_UPDATE, WAITS
from grader.tests.report.hostile import HOSTILE, timelines

if TYPE_CHECKING:
    from grader.verdict import Lane, Moment

TEXT = r"(?:[\w ,.()\[\]='/*→…·✘⚡-]|#\d+;|<br/>)*"
LINE = re.compile(
    rf"acc(?:Title|Descr): {TEXT}|participant (?:[A-Z] as {TEXT}|database)"
    rf"|(?:[A-Z](?:->>|-x)database|database-->>[A-Z]|Note over [A-Z](?:,database)?): {TEXT}"
)


def test_the_lost_update() -> None:
    """Participants, statements with their results, the bad one with its remark, the outcomes."""
    lines = [line.strip() for line in timeline_mermaid(LOST_UPDATE).splitlines()]
    assert lines[0] == "sequenceDiagram"
    assert lines[3:6] == [
        "participant A as request A<br/>PUT /books/7 price=900",
        "participant B as request B<br/>PUT /books/7<br/>title=#34;Dune#34;",
        "participant database",
    ]
    assert lines[6:8] == ["A->>database: 1 SELECT … WHERE id=7", "database-->>A: → version 3"]
    assert lines[13:16] == [
        "A->>database: 5 ✘ UPDATE books SET price=900",
        "database-->>A: 1 row",
        "Note over A: ✘ written from line 1#59; line 4 changed the row<br/>since (app/books.py#58;38)",
    ]
    assert "Note over B: 200" in lines


def test_waits_and_faults() -> None:
    """A statement that waited is answered where it went on; a fault is an arrow that does not arrive."""
    waits = timeline_mermaid(WAITS).splitlines()
    assert waits.index("    Note over B: waits until 6") < waits.index("    A->>database: 6 COMMIT")
    assert waits[waits.index("    A->>database: 6 COMMIT") + 1] == "    database-->>B: 4 went on. 1 row"
    assert "A-xdatabase: 4 ⚡ replica A killed" in timeline_mermaid(EXAMPLES["crash"])


@given(timelines())
def test_whatever_it_holds(lanes_and_moments: tuple[tuple[Lane, ...], tuple[Moment, ...]]) -> None:
    """Every line is of the diagram's own grammar, and each text in it plain or an entity."""
    lanes, moments = lanes_and_moments
    for timeline in (replace(LOST_UPDATE, lanes=lanes, moments=moments), HOSTILE):
        first, *lines = timeline_mermaid(timeline).splitlines()
        assert first == "sequenceDiagram"
        for line in lines:
            assert LINE.fullmatch(line.strip()), line
