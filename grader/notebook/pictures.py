"""Pictures of what was tried: readable without colour, and each with a text that says the same."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from grader.report.schedule import in_words
from grader.report.svg import timeline_svg
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes

    from grader.verdict import Timeline

STYLES: tuple[dict[str, Any], ...] = (
    {"marker": "o", "linestyle": "-", "color": "#0b5cad"},
    {"marker": "s", "linestyle": "--", "color": "#a40e26"},
    {"marker": "^", "linestyle": ":", "color": "#0f6b3c"},
    {"marker": "D", "linestyle": "-.", "color": "#6b3fa0"},
    {"marker": "v", "linestyle": (0, (6, 2, 1, 2, 1, 2)), "color": "#7d4e00"},
    {"marker": "x", "linestyle": (0, (1, 3)), "color": "#333333"},
)
FILLS = (("#9ec5ea", "//"), ("#f2b8b5", "xx"), ("#b9dfc4", ".."), ("#d9c7ee", "\\\\"))


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG and the text for those who do not see it, which is also what a plain-text reader is shown.

    The text travels with the notebook: as the output's text/plain, as `alt` in the metadata of its image/svg+xml, and
    inside the SVG as its title.
    """

    svg: str
    text: str

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        return {"image/svg+xml": self.svg, "text/plain": self.text}, {"image/svg+xml": {"alt": self.text}}


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: its name and its points."""

    name: str
    points: Sequence[tuple[float, float]]


def look() -> AbstractContextManager[None]:
    """Draw with the settings that all pictures have, as long as the context lasts."""
    return mpl.rc_context(
        {
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans", "Verdana"],  # a few only, since an SVG names them at every text
            "font.size": 10.0,
            "svg.fonttype": "none",
            "svg.hashsalt": "backend-katas",
            "hatch.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def timeline(shown: Timeline | Finding) -> Picture:
    """Return the picture of a schedule or a crash, as the grader's page draws it."""
    found = shown.timeline if isinstance(shown, Finding) else shown
    if found is None:
        raise ValueError(f"no schedule belongs to this finding: {shown}")
    name = "t" + hashlib.sha256(repr(found).encode()).hexdigest()[:8]
    words = f"{found.title.rstrip('.')}: {' '.join(in_words(found))}"
    return Picture(timeline_svg(found, across=760, name=name), words)


def curves(  # noqa: PLR0913 -- two axes and what is drawn, by name
    title: str,
    across: str,
    up: str,
    series: Sequence[Series],
    *,
    limit: tuple[str, float] | None = None,
    by_tens: bool = False,
) -> Picture:
    """Plot series as lines with marks; `across` and `up` name the axes with their units, `limit` is drawn level.

    `by_tens` makes each power of ten as high as the next, where small and large values are to be seen together.
    """
    with look():
        figure, axes = paper(8.4, 3.8, title)
        for one, style in zip(series, cycle(STYLES), strict=False):
            axes.plot(*zip(*one.points, strict=True), label=one.name, markersize=6, linewidth=1.6, **style)
        if limit is not None:
            axes.axhline(limit[1], color="#555555", linewidth=1, dashes=(2, 2), label=limit[0])
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        if by_tens:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:,.0f}")
        else:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, handlelength=4, loc="upper left", bbox_to_anchor=(1, 1))
        said = [f"{one.name}: {', '.join(f'{y:g} at {x:g}' for x, y in one.points)}" for one in series]
        said += [f"{limit[0]}: {limit[1]:g}"] if limit else []
        return picture_of(figure, f"{title}. Across: {across}. Up: {up}. {'; '.join(said)}.")


def bars(title: str, names: Sequence[str], along: str, values: Mapping[str, Sequence[float]]) -> Picture:
    """Draw lying bars, a group for each name and in it a bar for each of the `values`; `along` names their axis."""
    with look():
        thick = 0.8 / len(values)
        figure, axes = paper(7.2, 1.2 + 0.26 * len(names) * len(values), title)
        for number, (what, lengths) in enumerate(values.items()):
            fill, hatch = FILLS[number % len(FILLS)]
            places = [row - 0.4 + thick * (number + 0.5) for row in range(len(names))]
            drawn = axes.barh(
                places, lengths, thick, label=what, color=fill, hatch=hatch, edgecolor="#222222", linewidth=0.8
            )
            axes.bar_label(drawn, padding=3, fontsize=9, fmt="{:g}")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel(along)
        axes.margins(x=0.12)
        if len(values) > 1:
            axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        said = [
            f"{name}: " + ", ".join(f"{what} {lengths[row]:g}" for what, lengths in values.items())
            for row, name in enumerate(names)
        ]
        return picture_of(figure, f"{title}. Along: {along}. {'; '.join(said)}.")


def paper(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """Return an empty figure of this size in inches, and its one pair of axes under a title."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    return figure, axes


def picture_of(figure: Figure, words: str) -> Picture:
    """Return the figure as an SVG whose ids are its own on any page, and which says what it shows."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    svg = re.sub(r"^.*?(?=<svg)|<metadata>.*?</metadata>\s*", "", written.getvalue(), flags=re.DOTALL)
    own = "p" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(?<=\bid=")|(?<=href="#)|(?<=url\(#)', f"{own}-", svg)
    told = f'role="img" aria-labelledby="{own}-said"><title id="{own}-said">{escape(words)}</title>'
    return Picture(re.sub(r">", lambda _: f" {told}", svg, count=1), words)
