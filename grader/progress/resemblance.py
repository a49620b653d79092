"""Which wrong solution of the corpus a failure resembles: the checks that failed, and the words of their messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grader.kata import Entry

NEAR = 0.5
"""From which share of checks on a resemblance is worth a word."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like an entry of the corpus a failure is.

    `share` is how many of the checks that either fails both fail with the same words, 1 for the same signature; `less`
    are checks that only the entry fails, or fails for another reason, `more` those that only this failure has.
    """

    entry: Entry
    share: float
    less: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def likeness(failed: Mapping[str, str], entries: Iterable[Entry]) -> list[Likeness]:
    """Return the entries that a failure is most like, the likest only; none where no entry is like it.

    `failed` maps the checks that did not pass to the text of their messages.
    """
    found = [_compare(failed, entry) for entry in entries if entry.caught]
    best = max((one.share for one in found), default=0)
    return [one for one in found if one.share == best] if failed and best >= NEAR else []


def _compare(failed: Mapping[str, str], entry: Entry) -> Likeness:
    same = {
        check
        for check, words in entry.caught.items()
        if check in failed and all(word in failed[check] for word in words)
    }
    share = len(same) / len(set(failed) | set(entry.caught))
    less = tuple(check for check in entry.caught if check not in same)
    return Likeness(entry, share, less, tuple(check for check in failed if check not in entry.caught))
