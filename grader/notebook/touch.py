"""The files that a change of each use case touches, as a map: use cases across, files down, folders apart."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from grader.notebook.pictures import Picture, look, paper, picture_of
from grader.shape import footprint, read_code

if TYPE_CHECKING:
    from grader.notebook.code import Code
    from grader.shape import Footprint


def touched_by(code: Code) -> Footprint:
    """Return the files that each use case of code stands on, as `kata shape` finds them; the code is not run."""
    with tempfile.TemporaryDirectory(prefix="katas-notebook-") as folder:
        code.write_to(Path(folder))
        return footprint(read_code(Path(folder)))


def touch_map(title: str, touched: Footprint) -> Picture:
    """Draw a row for each file, a column for each use case, and a hatched square where a change of it may be made."""
    files = sorted({file for one in touched.use_cases for file in one.files})
    rows: list[str] = []  # a folder's name stands in a row of its own, above its files
    for file in files:
        folder = f"{PurePosixPath(file).parent}/"
        rows += [folder] * (folder not in rows) + [file]
    with look():
        figure, axes = paper(3.4 + 1.15 * len(touched.use_cases), 1.5 + 0.25 * len(rows), title)
        for row, name in enumerate(rows):
            is_folder = name.endswith("/")
            axes.text(
                -0.15 if not is_folder else -2.2,
                row,
                name if is_folder else PurePosixPath(name).name,
                ha="left" if is_folder else "right",
                va="center",
                fontsize=9,
                fontweight="bold" if is_folder else "normal",
            )
        for column, one in enumerate(touched.use_cases):
            method, path = one.route.split(" ", 1)
            axes.text(column + 0.5, -0.8, f"{method}\n{_broken(path)}", ha="center", va="bottom", fontsize=8)
            axes.text(column + 0.5, len(rows) - 0.3, _counted(one.files), ha="center", va="top", fontsize=9)
            for row, name in enumerate(rows):
                if not name.endswith("/"):
                    is_touched = name in one.files
                    fill, hatch = ("#9ec5ea", "////") if is_touched else ("white", "")
                    place = (column + 0.1, row - 0.42)
                    axes.add_patch(Rectangle(place, 0.8, 0.84, facecolor=fill, hatch=hatch, edgecolor="#999999"))
        axes.set_xlim(-2.25, len(touched.use_cases))
        axes.set_ylim(len(rows) + 0.6, -3.2)
        axes.set_axis_off()
        said = [f"{one.route} touches {_counted(one.files)}: {', '.join(one.files)}" for one in touched.use_cases]
        return picture_of(figure, f"{title}. {'; '.join(said)}.")


def _broken(path: str) -> str:
    """Return a route's path on lines of its own parts, so that columns stay narrow."""
    return path.replace("/{", "\n/{").replace("}/", "}\n/")


def _counted(files: tuple[str, ...]) -> str:
    return f"{len(files)} file{'s' * (len(files) != 1)}"
