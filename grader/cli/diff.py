"""`kata diff`: the learner's code beside a solution."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rich.text import Text

from grader.cli.chosen import Named, require_folder, submission_of
from grader.cli.corpus import Alternative, Spoil, files_of, require_open, resemblance, short_name, solution_of
from grader.cli.terminal import heading, markdown, show
from grader.kata import load_entries

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from grader.kata import Entry, Submission

_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


def command(
    kata: Named = None,
    alternative: Alternative = None,
    *,
    spoil: Spoil = False,
) -> None:
    """Compare your code with the reference, or with an alternative.

    After a pass, from the moment that an instructor set, or with --spoil. Lines with - are yours.
    """
    submission = submission_of(kata)
    require_folder(submission)
    chosen = solution_of(submission.kata, alternative)
    require_open(submission.kata, spoil=spoil)
    show(*parts(submission, chosen))


def parts(submission: Submission, chosen: Entry) -> list[RenderableType]:
    """Return what is shown: the solution's reasons, the differences, what the last failure resembles, other ways."""
    kata = submission.kata
    title = f"yours (-) and the {short_name(chosen)} (+): {chosen.title}"
    shown: list[RenderableType] = [heading(f"Kata {kata.number:02d}, {title}"), markdown(chosen.text)]
    if found := resemblance(kata):
        shown += ["", markdown(found)]
    lines = list(differences(submission, chosen.submission))
    shown += ["", *map(_coloured, lines)] if lines else ["", "There is no difference."]
    others = [entry for entry in load_entries(kata, "alternatives") if entry != chosen]
    if others:
        names = ", ".join(map(short_name, others))
        shown += ["", f"Other designs: {names}; their trade-offs: kata solution {kata.number:02d}"]
    return shown


def differences(mine: Submission, theirs: Submission) -> list[str]:
    """Return the lines in which two services differ, as a unified diff, the code files only."""
    one, other = files_of(mine), files_of(theirs)
    found: list[str] = []
    for name in sorted(one.keys() | other.keys()):
        before, after = _lines(one.get(name)), _lines(other.get(name))
        found += difflib.unified_diff(before, after, f"yours/{name}", f"theirs/{name}", lineterm="")
    return found


def _lines(path: Path | None) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path else []


def _coloured(line: str) -> Text:
    style = next((style for mark, style in _STYLES if line.startswith(mark)), "")
    return Text(line, style, no_wrap=True, overflow="ignore")
