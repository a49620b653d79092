"""All that the pages are made from: the katas, their checks and exhibits, and what breaks each exhibit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from grader.checks import checks_of
from grader.kata import KATAS, SOLUTIONS, load_kata
from grader.site.exhibits import exhibits_of, reference_of, starter_of
from grader.site.gallery import CACHE, hang
from grader.site.pictures import Pictures

if TYPE_CHECKING:
    from pathlib import Path

    from grader.checks import Check
    from grader.kata import Kata
    from grader.site.exhibits import Exhibit
    from grader.site.gallery import Shown


class SiteError(Exception):
    """A page cannot be made; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class Room:
    """One kata with all that is shown of it."""

    kata: Kata
    checks: tuple[Check, ...]
    starter: Exhibit
    reference: Exhibit
    alternatives: tuple[Exhibit, ...]
    mistakes: tuple[Exhibit, ...]

    @property
    def folder(self) -> Path:
        """Where the learner's copy lies, with the brief and the hints."""
        return KATAS / self.kata.name

    @property
    def page(self) -> str:
        """The path of its page."""
        return f"katas/{self.kata.name}.md"

    @property
    def gallery(self) -> str:
        """The path of the page with its mistakes."""
        return f"katas/{self.kata.name}-mistakes.md"

    @property
    def title(self) -> str:
        """Number and title."""
        return f"{self.kata.number:02d} {self.kata.title}"

    @property
    def points(self) -> int:
        """What all its checks are worth."""
        return sum(points for _, points in self.kata.points.values())


class Workshop:
    """Some rooms, and what breaks what is in them: looked up when it is first needed, and kept in a folder."""

    def __init__(self, rooms: tuple[Room, ...], cache: Path = CACHE) -> None:
        self.rooms = rooms
        self.pictures = Pictures()
        self._cache = cache

    @cached_property
    def found(self) -> dict[Path, Shown]:
        """What breaks each starter and each mistake, by its folder."""
        exhibits = (exhibit for room in self.rooms for exhibit in (room.starter, *room.mistakes))
        return hang(exhibits, self._cache)

    def shown(self, exhibit: Exhibit) -> Shown:
        """Return what breaks an exhibit."""
        return self.found[exhibit.entry.submission.folder]

    def room(self, number: str) -> Room:
        """Return the kata with a number, such as `03`; SiteError where there is none."""
        for room in self.rooms:
            if f"{room.kata.number:02d}" == number:
                return room
        raise SiteError(f"there is no kata {number}")


def all_rooms() -> tuple[Room, ...]:
    """Return the katas that there are, in the order of their numbers."""
    return tuple(map(_room, sorted(file.parent.parent.name for file in SOLUTIONS.glob("*/starter/kata.toml"))))


def _room(name: str) -> Room:
    kata = load_kata(name)
    return Room(
        kata,
        tuple(checks_of(kata.slug)),
        starter_of(kata),
        reference_of(kata),
        exhibits_of(kata, "alternatives"),
        exhibits_of(kata, "mistakes"),
    )
