"""A submission that cannot be put to work, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.lab.logs import printed
from grader.services import SchemaError
from grader.verdict import Evidence, Place

if TYPE_CHECKING:
    from grader.replica import BootError


class Unusable(Exception):  # noqa: N818 -- an outcome, not an error of the grader
    """The submission could not be put to work; nothing of it can be checked.

    `evidence` holds what the learner needs to see, their traceback first.
    """

    def __init__(self, reason: str, evidence: tuple[Evidence, ...] = (), place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
        self.place = place


def unusable(error: BootError | SchemaError) -> Unusable:
    """Return what to raise where the service did not start, or its schema was refused."""
    if isinstance(error, SchemaError):
        place = Place("schema.sql", error.line) if error.line else None
        texts = [error.statement or "", f"hint: {error.hint}" if error.hint else ""]
        shown = tuple(line for text in texts for line in text.splitlines()[:12])
        return Unusable(f"schema.sql was refused: {error.message}", (Evidence("the statement", shown),), place)
    evidence = (Evidence("traceback", tuple(error.traceback.splitlines())),) if error.traceback else ()
    place = Place(error.file, error.line) if error.file and error.line else None
    return Unusable(error.reason, (*evidence, *printed(error.log)), place)
