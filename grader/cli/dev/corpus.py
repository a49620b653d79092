"""A kata's own solutions, graded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli import Complaint
from grader.cli.running import grade_all
from grader.verdict import Outcome

if TYPE_CHECKING:
    from grader.contract.dossier import Dossier, Fault
    from grader.grade.many import Graded
    from grader.kata import Entry

Katas = Annotated[list[str] | None, typer.Argument(metavar="[KATA]...", help="Numbers or names; default: all.")]


def names_of(katas: list[str] | None) -> list[str]:
    """Return the names of the katas that were typed as 03 or 03_n_plus_one, or of all; Complaint for an unknown one."""
    from grader.kata import kata_names  # noqa: PLC0415 -- `kata --help` need not pay for its import

    known = kata_names()
    chosen = []
    for text in katas or known:
        found = [name for name in known if text in {name, name[:2]}]
        if not found:
            raise Complaint(f"there is no kata {text!r}; there are {', '.join(known)}")
        chosen += found
    return chosen


def open_all(katas: list[str] | None) -> tuple[list[Dossier], list[Fault]]:
    """Return the dossiers of these katas, and a fault for each that cannot be read."""
    from grader.contract.dossier import Faulty, open_dossier  # noqa: PLC0415 -- likewise

    dossiers, faults = [], []
    for name in names_of(katas):
        try:
            dossiers.append(open_dossier(name))
        except Faulty as error:
            faults.append(error.fault)
    return dossiers, faults


def grade_corpus(
    dossiers: list[Dossier], jobs: int, services: str | None, *, only_caught: bool = False
) -> list[tuple[Entry, Graded]]:
    """Grade all solutions of these katas that can be read, or only wrong ones; the others are faults of their files."""
    from grader.kata import KataError  # noqa: PLC0415 -- likewise

    entries: list[Entry] = []
    for dossier in dossiers:
        try:
            entries += [entry for entry in dossier.entries() if entry.caught or not only_caught]
        except KataError:
            continue
    return list(zip(entries, grade_all([entry.submission for entry in entries], jobs, services), strict=True))


def no_verdict(graded: Graded) -> bool:
    """Whether the grader could not tell, of the whole or of a check."""
    unknown = {Outcome.ERROR, Outcome.INCONCLUSIVE}
    return graded.verdict is None or any(result.outcome in unknown for result in graded.verdict.results)
