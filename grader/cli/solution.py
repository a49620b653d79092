"""`kata solution`: the reference, and what else would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.cli.chosen import Named, kata_of
from grader.cli.corpus import Alternative, Spoil, files_of, require_open, resemblance, short_name, solution_of
from grader.cli.terminal import heading, markdown, show
from grader.kata import SOLUTIONS, load_entries, load_entry

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from grader.kata import Entry, Kata


def command(
    kata: Named = None,
    alternative: Alternative = None,
    *,
    spoil: Spoil = False,
) -> None:
    """Show the solution, and other designs with their trade-offs.

    After a pass, from the moment that an instructor set, or with --spoil.
    """
    found = kata_of(kata)
    chosen = solution_of(found, alternative)
    require_open(found, spoil=spoil)
    show(*_parts(found, chosen))


def _parts(kata: Kata, chosen: Entry) -> list[RenderableType]:
    from rich.syntax import Syntax  # noqa: PLC0415 -- slow to import, and only this verb needs it

    number = f"{kata.number:02d}"
    parts: list[RenderableType] = [heading(f"Kata {number}: {chosen.title}"), markdown(chosen.text)]
    if found := resemblance(kata):
        parts += ["", markdown(found)]
    for name, path in changed_files(kata, chosen).items():
        code = path.read_text(encoding="utf-8")
        lexer = "sql" if path.suffix == ".sql" else "python"
        parts += ["", heading(f"── {name}"), Syntax(code, lexer, theme="ansi_dark", background_color="default")]
    for entry in load_entries(kata, "alternatives"):
        if entry != chosen:
            parts += ["", heading(f"── Another way: {entry.title}"), markdown(entry.text)]
            parts += [f"Beside your code: kata diff {number} {short_name(entry)}"]
    return parts


def changed_files(kata: Kata, chosen: Entry) -> dict[str, Path]:
    """Return the files of a solution that differ from the starter's, by their paths."""
    starter = files_of(load_entry(SOLUTIONS / kata.name / "starter").submission)
    solved = files_of(chosen.submission)
    return {
        name: path
        for name, path in solved.items()
        if name not in starter or path.read_bytes() != starter[name].read_bytes()
    }
