"""The gallery of a kata: each wrong solution with its lines, what its author thought, and what breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.site.gallery import texts_of
from grader.site.markup import fold, table
from grader.site.spoilers import diff_of, size

if TYPE_CHECKING:
    from grader.site.exhibits import Exhibit
    from grader.site.workshop import Room, Workshop

_OPEN = 60
"""So many lines that differ are shown at once; more are folded away."""
_SEEN = re.compile(r"^Seen: +(.*?)^Must hold:", re.MULTILINE | re.DOTALL)


def gallery_page(room: Room, workshop: Workshop) -> str:
    """Return the page's Markdown."""
    hung = "\n".join(_mistake(room, exhibit, workshop) for exhibit in room.mistakes)
    return f"""---
title: {room.kata.number:02d} The gallery of mistakes
---
# The gallery of mistakes

**Spoilers for [{room.title}](../{room.page}).**
{len(room.mistakes)} wrong solutions, each written on purpose, and each as a competent developer could have written it.
The lines are those in which it differs from the reference.
What breaks it was found by running it while this page was built.

{hung}"""


def _mistake(room: Room, exhibit: Exhibit, workshop: Workshop) -> str:
    changed = exhibit.against_reference
    diff = diff_of(changed)
    if sum(len(each.lines) for each in changed) > _OPEN:
        diff = fold("code", f"Its lines against the reference: {size(changed)}", diff)
    thought, _, truth = exhibit.told.partition("\n")
    shown = workshop.shown(exhibit)
    parts = [
        f"## {exhibit.title} {{#{exhibit.anchor}}}\n",
        f"> {thought}\n\n{truth}\n",
        f"Read on: <{exhibit.source}>\n" if exhibit.source else "",
        diff,
        f"**What breaks it.** {shown.title}\n",
        workshop.pictures.finding(exhibit, shown, "../") + "\n",
    ]
    titles = {check.id: check.title for check in room.checks}
    others = [(titles[check], _seen(text)) for check, text in texts_of(exhibit).items() if check != shown.check]
    if others:
        more = f"Caught by {len(others)} more {'check' if len(others) == 1 else 'checks'}"
        parts.append(fold("code", more, table(("Must hold", "Seen"), others)))
    return "\n".join(filter(None, parts))


def _seen(text: str) -> str:
    """Return what was seen, from what a learner reads."""
    found = _SEEN.search(text)
    words = " ".join(found[1].split()) if found else ""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", words)
