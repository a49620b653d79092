"""What a transaction holds, savepoint by savepoint: what its end shows to the others, or lets go of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.independence import WRITES
from grader.explore.touch import Touched
from grader.explore.values import Access, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class _Level:
    """What was done since a savepoint, or since BEGIN."""

    name: str
    isolation: str
    """The session's default when it began, which a rollback restores."""
    held: frozenset[Access] = frozenset()
    deferred: frozenset[Access] = frozenset()
    opaque: bool = False
    failed: bool = False


@dataclass(slots=True)
class Transaction:
    """One transaction of a session."""

    isolation: str
    default: str
    """The session's default isolation when it began."""
    snapshot_taken: bool = False
    wrote: bool = False
    """It changed or locked something, so that it is no mere reader, whatever it rolled back."""
    _levels: list[_Level] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._levels.append(_Level("", self.default))

    @property
    def frozen(self) -> bool:
        """Whether one snapshot serves all its statements."""
        return self.isolation in {"repeatable read", "serializable"}

    @property
    def failed(self) -> bool:
        """Whether it takes nothing but a rollback."""
        return any(level.failed for level in self._levels)

    @property
    def held(self) -> frozenset[Access]:
        """What COMMIT shows and lets go of."""
        return frozenset[Access]().union(*(level.held for level in self._levels))

    @property
    def locks(self) -> frozenset[Access]:
        """What ROLLBACK lets go of: what was written was never there for the others."""
        return let_go(self.held)

    @property
    def deferred(self) -> frozenset[Access]:
        """What COMMIT may have to look at."""
        return frozenset[Access]().union(*(level.deferred for level in self._levels))

    @property
    def opaque(self) -> bool:
        """Whether it did something that was not understood, so that its end may show anything."""
        return any(level.opaque for level in self._levels)

    def hold(self, touched: Touched, *, opaque: bool) -> None:
        """Take up what a statement did."""
        level = self._levels[-1]
        level.held |= touched.held
        level.deferred |= touched.deferred
        level.opaque = level.opaque or opaque
        self.wrote = self.wrote or opaque or bool(touched.held)

    def save(self, name: str, default: str) -> None:
        """Set a savepoint."""
        self._levels.append(_Level(name, default))

    def release(self, name: str) -> None:
        """Forget a savepoint and those after it, and keep what was done since."""
        place = self._place(name)
        if place is None:
            return
        for level in self._levels[place:]:
            below = self._levels[place - 1]
            below.held |= level.held
            below.deferred |= level.deferred
            below.opaque = below.opaque or level.opaque
        del self._levels[place:]

    def since(self, name: str) -> Touched | None:
        """Return what a rollback to a savepoint lets go of; None where no such savepoint is known."""
        place = self._place(name)
        if place is None:
            return None
        return Touched(held=let_go(access for level in self._levels[place:] for access in level.held))

    def opaque_since(self, name: str) -> bool:
        """Whether something that was not understood was done since a savepoint."""
        place = self._place(name)
        return place is None or any(level.opaque for level in self._levels[place:])

    def roll_back_to(self, name: str) -> str | None:
        """Undo what was done since a savepoint; return the session's default isolation at that time."""
        place = self._place(name)
        if place is None:
            return None
        level = self._levels[place]
        del self._levels[place:]
        self._levels.append(_Level(level.name, level.isolation))
        return level.isolation

    def failing(self) -> Touched:
        """Return what is let go of when a statement fails now: at once, not only when the rollback comes."""
        return Touched(held=let_go(self._levels[-1].held))

    def fail(self) -> None:
        """Take note that a statement has failed, and that the server has undone what came since the last savepoint."""
        level = self._levels[-1]
        level.held = level.deferred = frozenset()
        level.failed = True

    def _place(self, name: str) -> int | None:
        found = [place for place, level in enumerate(self._levels) if place and level.name == name]
        return found[-1] if found else None


def let_go(accesses: Iterable[Access]) -> frozenset[Access]:
    """Return what of these a rollback lets go of; a change that nobody could see shows nothing when it is undone."""
    return frozenset(
        access
        for access in accesses
        if access.mode is Mode.EXCLUSIVE or not (access.thing.startswith("table ") and access.mode in WRITES)
    )
