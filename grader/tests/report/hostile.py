"""Timelines with anything in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from grader.verdict import Lane, Moment, Place, Timeline

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

NASTY = (
    "</style></script><script>alert(1)</script><img src=x onerror=alert(2)> \"'`&amp; ]]> --> %% end; #35; "
    "\x00\x1b[31m\u202e\ud800\uffff\n http://elsewhere.example/x.png url(//elsewhere.example) 日本語 {{init}} $$x$$"
)

HOSTILE = Timeline(
    title=NASTY,
    lanes=(Lane(NASTY, NASTY), Lane(NASTY, NASTY)),
    moments=(
        Moment(0, NASTY, NASTY, Place(NASTY, 2), bad=True, remark=NASTY, fault=True, waited_until=2),
        Moment(1, NASTY, NASTY, Place(NASTY, 3)),
    ),
    anomaly=NASTY,
    why=NASTY,
    nearest=NASTY,
    explored=NASTY,
    token=NASTY,
)


@st.composite
def timelines(draw: st.DrawFn) -> tuple[tuple[Lane, ...], tuple[Moment, ...]]:
    """Return lanes and moments with any text in them."""
    text: SearchStrategy[str] = st.one_of(st.text(max_size=200), st.sampled_from(["", NASTY, "本" * 90, "x" * 90]))
    lanes = draw(st.lists(st.builds(Lane, text, text), min_size=1, max_size=4))
    moment = st.builds(
        Moment,
        lane=st.integers(0, len(lanes) - 1),
        text=text,
        note=text,
        place=st.none() | st.builds(Place, text, st.integers(1, 10_000)),
        bad=st.booleans(),
        remark=text,
        fault=st.booleans(),
        waited_until=st.none() | st.integers(1, 14),
    )
    return tuple(lanes), tuple(draw(st.lists(moment, max_size=14)))
