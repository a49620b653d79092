"""All schedules as a tree, all crash points as a strip: what is wrong has a sign, not only a colour."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from grader.notebook.pictures import Picture, look, paper, picture_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from grader.notebook.trying import Crash, Played, Schedules

RIGHT, WRONG = "#0b5cad", "#a40e26"
_LINES = {"A": ("-", "o"), "B": ((0, (5, 2)), "s"), "C": ((0, (1, 1.5)), "^")}


def tree(title: str, schedules: Schedules) -> Picture:
    """Draw every schedule from left to right, a branch where another could go; those that are wrong have a cross."""
    every = schedules.all
    depth = max(len(played.schedule) for played in every)
    with look():
        figure, axes = paper(2.9 + 0.95 * depth, 0.9 + 0.3 * len(every), title)
        _branches(axes, every)
        for row, played in enumerate(every):
            sign, colour = ("✕", WRONG) if played.wrong else ("✓", RIGHT)
            answered = " ".join(map(str, played.statuses))
            end = len(played.schedule)
            axes.annotate(sign, (end + 0.12, row), va="center", color=colour, fontsize=12, fontweight="bold")
            weight = "bold" if played.wrong else "normal"
            axes.annotate(
                f"{played.token}  {answered}  class {played.kind}",
                (depth + 0.5, row),
                va="center",
                fontsize=9,
                fontweight=weight,
                annotation_clip=False,
            )
        axes.set_xlim(-0.1, depth + 3)
        axes.set_ylim(len(every) - 0.4, -0.6)
        axes.set_axis_off()
        said = [f"{p.token} answers {', '.join(map(str, p.statuses))}, {p.wrong or 'right'}" for p in every]
        return picture_of(figure, f"{title}. {schedules!r}. {'; '.join(said)}.")


def _branches(axes: Axes, every: Sequence[Played]) -> None:
    """Draw the edges, each with its actor and the first word of its statement, and a mark where it ends."""
    rows: dict[tuple[str, ...], list[int]] = {}
    words: dict[tuple[str, ...], str] = {}
    for row, played in enumerate(every):
        for taken in range(len(played.schedule) + 1):
            rows.setdefault(played.schedule[:taken], []).append(row)
            if taken:
                words[played.schedule[:taken]] = played.steps[taken - 1].split()[0]
    middle = {place: sum(found) / len(found) for place, found in rows.items()}
    axes.plot(0, middle[()], marker="o", markersize=7, color="#444444", markerfacecolor="white")
    for place, word in words.items():
        line, mark = _LINES[place[-1][0]]
        start, end, above, here = len(place) - 1, len(place), middle[place[:-1]], middle[place]
        axes.plot([start, start + 0.12, end], [above, here, here], color="#444444", linewidth=1.1, linestyle=line)
        face = "white" if place[-1][0] == "B" else "#444444"
        axes.plot(end, here, marker=mark, markersize=5, color="#444444", markerfacecolor=face)
        axes.annotate(f"{place[-1]} {word}", (start + 0.16, here), (0, 2), textcoords="offset points", fontsize=7.5)


def strip(title: str, designs: Mapping[str, Sequence[Crash]]) -> Picture:
    """Draw a row of squares for each design, a square for each crash point; a wrong one is hatched and has a cross."""
    with look():
        longest = max(len(crashes) for crashes in designs.values())
        figure, axes = paper(0.36 * longest + 1.2, 1.1 + 1.25 * len(designs), title)
        for row, (name, crashes) in enumerate(designs.items()):
            wrong = sum(bool(crash.wrong) for crash in crashes)
            axes.annotate(f"{name}: {wrong} of {len(crashes)} wrong", (0, row - 0.42), fontsize=10, fontweight="bold")
            for at, crash in enumerate(crashes):
                _square(axes, at, row, crash)
            _steps(axes, row, crashes)
        axes.set_xlim(-0.2, longest + 0.2)
        axes.set_ylim(len(designs) - 0.45, -0.6)
        axes.set_axis_off()
        said = [f"{name}: {_in_words(crashes)}" for name, crashes in designs.items()]
        return picture_of(figure, f"{title}. {'; '.join(said)}.")


def _square(axes: Axes, at: int, row: int, crash: Crash) -> None:
    fill, hatch = ("#f2b8b5", "////") if crash.wrong else ("white", "")
    axes.add_patch(Rectangle((at + 0.06, row - 0.3), 0.88, 0.3, facecolor=fill, hatch=hatch, edgecolor="#444444"))
    sign, colour = ("✕", WRONG) if crash.wrong else ("✓", RIGHT)
    paper_of_it = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    place = (at + 0.5, row - 0.15)
    axes.text(*place, sign, ha="center", va="center", color=colour, fontsize=11, fontweight="bold", bbox=paper_of_it)
    what = "none" if not crash.verb else f"{crash.verb}\n{crash.place}"
    axes.annotate(what, (at + 0.5, row + 0.03), ha="center", va="top", fontsize=6.5)


def _steps(axes: Axes, row: int, crashes: Sequence[Crash]) -> None:
    """Draw the step below the crash points that belong to it."""
    for step in sorted({crash.step for crash in crashes if crash.step}):
        own = [at for at, crash in enumerate(crashes) if crash.step == step]
        axes.plot([own[0] + 0.1, own[-1] + 0.9], [row + 0.25] * 2, color="#444444", linewidth=0.8)
        axes.annotate(
            "\n".join(_short(crashes[own[0]].text)),
            ((own[0] + own[-1] + 1) / 2, row + 0.28),
            ha="center",
            va="top",
            fontsize=6.5,
        )


def _short(text: str) -> tuple[str, ...]:
    """Return a statement's verb, and what it is about where that is known; no key in it differs from run to run."""
    words = text.replace("(", " ").split()
    after = [later for word, later in pairwise(words) if word.upper() in {"FROM", "INTO", "UPDATE"}]
    about = after[0] if after else words[1] if len(words) > 1 and words[1].startswith("/") else ""
    return (words[0], about) if about else (words[0],)


def _in_words(crashes: Sequence[Crash]) -> str:
    wrong = [
        f"{crash.verb} {crash.place} step {crash.step} ({' '.join(_short(crash.text))})" if crash.verb else "no crash"
        for crash in crashes
        if crash.wrong
    ]
    seen = Counter(crash.wrong for crash in crashes if crash.wrong)
    what = "; ".join(f"{times} times {said}" for said, times in seen.items())
    return f"{len(crashes)} tried, {len(wrong)} wrong" + (f" ({what}): {', '.join(wrong)}" if wrong else "")
