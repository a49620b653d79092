"""Whether the order of two steps can matter: what it rests on that "every interleaving" may be said.

Steps are dependent unless shown independent. The rules, each with its test:

- A plain SELECT waits for nobody and does not see what is uncommitted; it depends on the end that publishes it.
- What a transaction changed or locked meets whoever would change or lock it too: row locks as in PostgreSQL's table of
  row-level locks (https://www.postgresql.org/docs/18/explicit-locking.html), tables locked whole, advisory locks.
- Two INSERTs meet only in a unique or exclusion key that may be equal; nobody else sees the new row before COMMIT.
- An end depends on whoever reads what it publishes or wants what it lets go of; on another end only where both check
  deferred constraints, or under SERIALIZABLE. There any two steps do (they touch a thing of their own, `serializable`),
  unless both read for transactions that have only read: whose conflict is found first decides who is doomed, and when.
- The step that takes the snapshot of a whole transaction depends on every end that published a change.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grader.explore.values import Access, Mode

if TYPE_CHECKING:
    from grader.explore.values import Footprint

_KEEPS_OUT: dict[Mode, frozenset[Mode]] = {
    Mode.READ: frozenset({Mode.EXCLUSIVE}),
    Mode.KEY_SHARE: frozenset({Mode.REMOVE, Mode.EXCLUSIVE}),
    Mode.SHARE: frozenset({Mode.CHANGE, Mode.REMOVE, Mode.EXCLUSIVE}),
    Mode.APPEND: frozenset({Mode.EXCLUSIVE}),
    Mode.CHANGE: frozenset({Mode.SHARE, Mode.CHANGE, Mode.REMOVE, Mode.EXCLUSIVE}),
    Mode.REMOVE: frozenset({Mode.KEY_SHARE, Mode.SHARE, Mode.CHANGE, Mode.REMOVE, Mode.EXCLUSIVE}),
    Mode.EXCLUSIVE: frozenset(Mode),
}
_SHOWS: dict[Mode, frozenset[Mode]] = {
    Mode.READ: frozenset({Mode.APPEND, Mode.CHANGE, Mode.REMOVE, Mode.EXCLUSIVE}),
    Mode.KEY_SHARE: frozenset({Mode.APPEND, Mode.REMOVE, Mode.EXCLUSIVE}),
}
"""What is seen of another's changes when they are committed: by a reader all, by a foreign key's check rows alone."""
WRITES = frozenset({Mode.APPEND, Mode.CHANGE, Mode.REMOVE, Mode.EXCLUSIVE})


def dependent(one: Footprint, other: Footprint) -> bool:
    """Whether the order of two steps of different actors may matter to what any of them sees, or to what is left."""
    if one.service != other.service:
        return False
    return _dependent(one, other)


@lru_cache(maxsize=1 << 16)
def _dependent(one: Footprint, other: Footprint) -> bool:
    if one.opaque or other.opaque or (one.deferred and other.deferred):
        return True
    return meet(one.accesses, other.accesses) or _publishes_to(one, other) or _publishes_to(other, one)


def meet(one: frozenset[Access], other: frozenset[Access]) -> bool:
    """Whether the locks of two transactions may keep each other out."""
    return any(
        mine.thing == theirs.thing and theirs.mode in _KEEPS_OUT[mine.mode] and may_be_one(mine.key, theirs.key)
        for mine in one
        for theirs in other
    )


def _publishes_to(ending: Footprint, other: Footprint) -> bool:
    """Whether an end shows something that the other reads, or lets go of something that it wants."""
    if not ending.ends:
        return False
    if other.snapshot and any(is_write(access) for access in ending.published):
        return True
    return any(
        shown.thing == wanted.thing
        and (shown.mode in _KEEPS_OUT[wanted.mode] or shown.mode in _SHOWS.get(wanted.mode, ()))
        and may_be_one(shown.key, wanted.key)
        for shown in ending.published
        for wanted in other.accesses
    )


def is_write(access: Access) -> bool:
    """Whether it changes what a table holds."""
    return access.mode in WRITES and access.thing.startswith("table ")


@lru_cache(maxsize=1 << 14)
def may_be_one(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> bool:
    """Whether two keys may mean the same row: `column=value` each, and no column with two values.

    Values are written alike where they are equal, so that different texts are different values.
    """
    if one is None or other is None or one == other:
        return True
    values = {column: rest for column, _, rest in map(_split, one)}
    return all(values.get(column, rest) == rest for column, _, rest in map(_split, other))


def _split(entry: str) -> tuple[str, str, str]:
    return entry.partition("=")
