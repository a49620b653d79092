"""Which mistake a failure resembles."""

from __future__ import annotations

import pytest

from grader.kata import Entry, load_entries, load_katas
from grader.progress import likeness

KATAS = {kata.name: kata for kata in load_katas()}
MISTAKES = {
    f"{name}/{entry.name}": (entry, load_entries(kata, "mistakes"))
    for name, kata in KATAS.items()
    for entry in load_entries(kata, "mistakes")
}


def _failure(entry: Entry) -> dict[str, str]:
    return {check: f"was asked; {' and '.join(words)}; must not" for check, words in entry.caught.items()}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_resembles_itself(name: str) -> None:
    """The failure that a mistake must have has the mistake's own signature."""
    entry, all_of_them = MISTAKES[name]
    found = likeness(_failure(entry), all_of_them)
    assert entry.name in {one.entry.name for one in found}
    assert all(one.share == 1 for one in found)


def test_words_tell_apart_what_checks_do_not() -> None:
    """Two mistakes caught by one check differ by what is said."""
    mistakes = load_entries(KATAS["03_n_plus_one"], "mistakes")
    said = {"an-order-is-seen-whole-or-not-at-all": "read; lines has 0 entries; must not"}
    assert [one.entry.name for one in likeness(said, mistakes)] == ["mistakes/lines_read_before_orders"]


def test_what_is_near_says_what_differs() -> None:
    """With a check more or less than the mistake it is near it, and says by what."""
    entry, mistakes = MISTAKES["04_optimistic_locking/mistakes/delete_unguarded"]
    failure = _failure(entry)
    dropped, _ = failure.popitem()
    (near,) = likeness(failure | {"another": "x"}, mistakes)
    assert (near.entry.name, near.less, near.more) == (entry.name, (dropped,), ("another",))


def test_what_is_like_nothing_is_not_named() -> None:
    """No failure, or one of other checks for other reasons, resembles nothing."""
    _, mistakes = MISTAKES["05_idempotency/mistakes/look_up_work_insert"]
    assert likeness({}, mistakes) == []
    assert likeness({"one-effect-for-two-at-once": "something else"}, mistakes) == []
