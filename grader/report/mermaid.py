"""A timeline as the text of a Mermaid sequence diagram."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from grader.report.columns import wrap
from grader.report.schedule import (
    MOST_DRAWN,
    Wait,
    in_words,
    kept,
    left_out,
    result_of,
    tidied,
    waits_of,
    with_gaps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.verdict import Timeline

_PLAIN = re.compile(r"[^\w ,.()\[\]='/*→…·✘⚡-]")
"""What Mermaid may take for its own: entities, comments, ends of statements, markup, directives."""


def timeline_mermaid(timeline: Timeline) -> str:
    """Return the picture as a Mermaid `sequenceDiagram`, with a participant for each lane and one for the database."""
    return "\n".join(chain(["sequenceDiagram"], (f"    {line}" for line in _lines(tidied(timeline))))) + "\n"


def _lines(timeline: Timeline) -> Iterator[str]:
    yield f"accTitle: {_escaped(timeline.title)}"
    yield f"accDescr: {_escaped(' '.join(in_words(timeline)))}"
    for place, lane in enumerate(timeline.lanes):
        who, _, what = lane.label.partition(" · ")
        yield f"participant {_actor(place)} as {_safe(who) or _actor(place)}" + (what and f"<br/>{_safe(what, 22)}")
    yield "participant database"
    waits = waits_of(timeline)
    for number in with_gaps(kept(timeline, MOST_DRAWN), len(timeline.moments)):
        if isinstance(number, range):
            yield f"Note over {_actor(0)},database: {left_out(number)}"
        else:
            yield from _moment(timeline, number, waits)
    for place, lane in enumerate(timeline.lanes):
        if lane.outcome:
            yield f"Note over {_actor(place)}: {_safe(lane.outcome)}"
    for text in (timeline.why, f"Nearest good order: {timeline.nearest}" if timeline.nearest else ""):
        if text:
            yield f"Note over {_actor(0)},database: {_safe(text)}"


def _moment(timeline: Timeline, number: int, waits: tuple[Wait, ...]) -> Iterator[str]:
    moment = timeline.moments[number - 1]
    actor = _actor(moment.lane)
    text = f"{number} {'✘ ' if moment.bad else ''}{'⚡ ' if moment.fault else ''}{moment.text}"
    resumed = any(wait.end == number and wait.lane == moment.lane for wait in waits)
    if resumed:
        yield f"Note over {actor}: {_safe(f'{number} went on')}"
    else:
        yield f"{actor}{'-x' if moment.fault else '->>'}database: {_safe(text)}"
    wait = next((wait for wait in waits if wait.start == number), None)
    result = result_of(moment, number, waits)
    if wait:
        yield f"Note over {actor}: waits until {wait.end}"
    if result and not (wait and result == "waits"):
        yield f"database-->>{actor}: {_safe(result)}"
    if moment.bad:
        remark = moment.remark or "here it went wrong"
        place = f" ({moment.place})" if moment.place else ""
        yield f"Note over {actor}: {_safe('✘ ' + remark + place)}"
    for ended in waits:
        if ended.end == number and ended.lane != moment.lane:
            yield f"database-->>{_actor(ended.lane)}: {_safe(f'{ended.start} went on. {ended.note}')}"


def _actor(lane: int) -> str:
    return chr(ord("A") + lane)


def _safe(text: str, columns: int = 48) -> str:
    """Return the text in lines of so many columns, at most four."""
    return "<br/>".join(map(_escaped, wrap(text, columns, 4)))


def _escaped(text: str) -> str:
    """Return the text with what means something to Mermaid as entities, which it writes `#number;`."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", text)
