"""The account under which servers run: the user's own, or another's where the user is root, whom Postgres refuses."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from grader.services.values import ServicesUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

# initdb needs an entry in the passwd file; these stand in nearly every one, and rarely own a file.
# `nobody` comes last: much else runs as nobody, submissions included.
STAND_INS = ("daemon", "bin", "games", "nobody")


class Run(TypedDict, total=False):
    """Arguments of `subprocess` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the servers; `stands_in` says that it is not the user itself."""

    name: str
    uid: int
    gid: int
    stands_in: bool

    @property
    def run(self) -> Run:
        """What to pass to `subprocess` so that a child runs as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.stands_in else {}

    def can_enter(self, place: Path) -> bool:
        """Whether this account may traverse a folder (or execute a file) and all folders above it."""
        return all(self._may_search(part) for part in (place, *place.parents))

    def _may_search(self, place: Path) -> bool:
        status = place.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def own() -> Account:
    """Name the account of this process."""
    return Account(str(os.geteuid()), os.geteuid(), os.getegid(), stands_in=False)


def choose() -> Account:
    """Choose the account for the servers; raises ServicesUnavailableError where root finds no stand-in."""
    if os.geteuid() != 0:
        return own()
    for name in STAND_INS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid, stands_in=True)
    message = (
        "PostgreSQL does not run as root, and none of the accounts that could stand in exists here "
        f"({', '.join(STAND_INS)}). Run: useradd --system daemon"
    )
    raise ServicesUnavailableError(message)
