"""What may come of a change that was cut off: all of it, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.checks.optimistic_locking.books import delete, save
from grader.checks.optimistic_locking.story import NO_CONTENT, OK, STALE, Shown, Story

if TYPE_CHECKING:
    from grader.checks.optimistic_locking.books import Book, Edition
    from grader.lab import After, Holds

OTHER = "B"
"""The replica that was not harmed."""


def save_whole_or_not(book: Book, edition: Edition, another: Edition) -> Holds:
    """Return the rule for a save that was cut off: the old ETag still saves where nothing changed, and only there."""
    story = Story(book, "sent a save, and looked at the book on the other replica")
    other = replace(story, subject="a second save, of other content and with the old ETag,")
    same = replace(story, subject="the same save, sent again with the old ETag,")
    late = replace(story, subject="a save with the ETag that GET shows then")

    async def holds(after: After) -> None:
        lab, now = after.lab, await story.see(after.lab, to=OTHER)
        if not _changed(story, after, now, replace(book, edition=edition)):
            await other.send(lab, save(book, another, book.tag), OK, to=OTHER)
            return
        await other.send(lab, save(book, another, book.tag), STALE, to=OTHER)
        repeated = await same.send(lab, save(book, edition, book.tag), OK, STALE, to=OTHER)
        current = await same.see(lab, to=OTHER)
        same.left(current, edition, book.stock, f"the save was written, and sent again answered {repeated.status}")
        if repeated.status == OK:
            same.versions(current, [same.saved(repeated, edition).version])
        await late.send(lab, save(book, another, current.tag), OK, to=OTHER)

    return holds


def restock_whole_or_not(book: Book, quantity: int) -> Holds:
    """Return the rule for a restock that was cut off: it counts once or not at all."""
    story = Story(book, f"sent a restock of {quantity}, and looked at the book on the other replica")

    async def holds(after: After) -> None:
        _changed(story, after, await story.see(after.lab, to=OTHER), replace(book, stock=book.stock + quantity))

    return holds


def delete_whole_or_not(book: Book) -> Holds:
    """Return the rule for a delete that was cut off: the book is gone, or its ETag still deletes it."""
    story = Story(book, "sent a delete, and looked at the book on the other replica")
    again = replace(story, subject="the same delete, sent again,")

    async def holds(after: After) -> None:
        now, first = await story.look(after.lab, to=OTHER), after.answers[0]
        if now is None:
            return
        _changed(story, after, now, book)
        story.require(first is None or first.status != NO_CONTENT, "DELETE had answered 204", "the book is gone")
        await again.send(after.lab, delete(book, book.tag), NO_CONTENT, to=OTHER)

    return holds


def _changed(story: Story, after: After, now: Shown, changed: Book) -> bool:
    """Require that the book is as it was or as `changed` says, with a new version then; return whether it changed."""
    book, first = story.book, after.answers[0]
    content, moved = (now.edition, now.stock), now.version != book.version
    story.require(
        content == ((changed.edition, changed.stock) if moved else (book.edition, book.stock)),
        f"it was {book.edition}, stock {book.stock}, version {book.version}; now it is {now}",
        "either all of the change is there, with a new version, or nothing of it, with the old one",
    )
    story.require(
        moved or first is None or first.status != OK,
        "the change was answered 200, and nothing is changed",
        "what was answered 200 is there",
    )
    return moved
