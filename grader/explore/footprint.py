"""What one statement of a database touches: its text is read once, its parameters are filled in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grader.explore.sql_reading import Reading, read_statement
from grader.explore.touch import Plan, Touched
from grader.wire.recorder import TEXT_CAP

if TYPE_CHECKING:
    from grader.explore.catalogue import Catalogue

_READINGS = 2_000
_FILLED = 20_000


class Statements:
    """Reads the statements of one database, and remembers them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.reading = lru_cache(maxsize=_READINGS)(self._reading)
        """What a text says."""
        self.touched = lru_cache(maxsize=_FILLED)(self._touched)
        """What a text with its parameters touches."""
        self._plan = lru_cache(maxsize=_READINGS)(lambda text: Plan(self.reading(text).touches))

    def _reading(self, text: str) -> Reading:
        if not text.strip() or len(text) >= TEXT_CAP:
            return Reading(unread="its text was not kept whole")
        return read_statement(text, self._catalogue)

    def _touched(self, text: str, parameters: tuple[str | bytes | None, ...]) -> Touched:
        return self._plan(text).fill(parameters)


@lru_cache(maxsize=8)
def statements_of(catalogue: Catalogue) -> Statements:
    """Return what reads a database's statements; one for all its connections."""
    return Statements(catalogue)
