"""What may come of two changes at once: the legal combinations of answers and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checks.optimistic_locking.story import NO_CONTENT, NOT_FOUND, OK, STALE, Shown, Story
from grader.verdict import Finding

if TYPE_CHECKING:
    from grader.checks.optimistic_locking.books import Book, Edition
    from grader.lab import After, Answer, Holds


def _answers(story: Story, after: After) -> tuple[Answer, Answer]:
    one, other = after.answers
    if one is None or other is None:
        raise Finding(story.done, "a request got no answer", "every request is answered")
    return one, other


def one_save_wins(book: Book, one: Edition, other: Edition) -> Holds:
    """Return the rule for two saves that read the same version and differ: one is saved, the other is stale."""
    story = Story(book, "sent two saves of the version that both editors had read")

    async def holds(after: After) -> None:
        answers = _answers(story, after)
        statuses = [story.status(answer, OK, STALE) for answer in answers]
        story.require(
            statuses.count(OK) == 1,
            f"{'both' if OK in statuses else 'neither'} answered 200",
            "exactly one is saved; the other is refused with 412",
        )
        edition = one if statuses[0] == OK else other
        now = await story.see(after.lab)
        story.left(now, edition, book.stock, f"{edition} was saved with 200")
        story.moved(now)

    return holds


def save_or_delete(book: Book, edition: Edition) -> Holds:
    """Return the rule for a save and a delete of the same version: one of them happens, the other is refused."""
    story = Story(book, "sent a save and a delete of the version that both had read")

    async def holds(after: After) -> None:
        save, delete = _answers(story, after)
        saved = story.status(save, OK, NOT_FOUND, STALE) == OK
        deleted = story.status(delete, NO_CONTENT, STALE) == NO_CONTENT
        what = f"the save answered {save.status}, the delete {delete.status}"
        story.require(saved != deleted, what, "200 and 412 where the save came first; else 404 or 412, and 204")
        if await _kept(story, after, what, kept=saved):
            now = await story.see(after.lab)
            story.left(now, edition, book.stock, what)
            story.moved(now)

    return holds


def restock_or_delete(book: Book, quantity: int) -> Holds:
    """Return the rule for a restock and a delete: the delete is stale after the restock, the restock late after it."""
    story = Story(book, "sent a restock and a delete of the version that was read before")

    async def holds(after: After) -> None:
        restock, delete = _answers(story, after)
        restocked = story.status(restock, OK, NOT_FOUND) == OK
        deleted = story.status(delete, NO_CONTENT, STALE) == NO_CONTENT
        what = f"the restock answered {restock.status}, the delete {delete.status}"
        story.require(restocked != deleted, what, "200 and 412 where the restock came first; else 404 and 204")
        if await _kept(story, after, what, kept=restocked):
            now = await story.see(after.lab)
            story.left(now, book.edition, book.stock + quantity, what)
            story.moved(now)

    return holds


def one_delete_wins(book: Book) -> Holds:
    """Return the rule for two deletes of the same version: one deletes, the other is refused."""
    story = Story(book, "sent two deletes of the version that both had read")

    async def holds(after: After) -> None:
        statuses = [story.status(answer, NO_CONTENT, NOT_FOUND, STALE) for answer in _answers(story, after)]
        what = f"they answered {statuses[0]} and {statuses[1]}"
        story.require(statuses.count(NO_CONTENT) == 1, what, "one answers 204, the other 404 or 412")
        await _kept(story, after, what, kept=False)

    return holds


async def _kept(story: Story, after: After, what: str, *, kept: bool) -> bool:
    """Require that the book is there or gone, as the answers say; return which."""
    now = await story.look(after.lab)
    found = "the book is gone" if now is None else "GET finds the book"
    story.require((now is not None) == kept, f"{what}; {found}", "the answers say what became of the book")
    return kept


def save_and_restock(book: Book, edition: Edition, quantity: int) -> Holds:
    """Return the rule for a save and a restock: the restock always happens, the save where it came first."""
    story = Story(book, f"sent a save of the current version and a restock of {quantity}")

    async def holds(after: After) -> None:
        save, restock = _answers(story, after)
        saved = story.status(save, OK, STALE) == OK
        story.status(restock, OK)
        now, stock = await story.see(after.lab), book.stock + quantity
        what = f"the save answered {save.status}, the restock 200"
        story.left(now, edition if saved else book.edition, stock, what)
        story.moved(now)
        made = _restocked(story, restock, stock)
        # After the restock the save is stale, so where both happened the version that the restock made is the last.
        story.require(
            now.version == made.version,
            f"{what} and version {made.version}; after it the book was saved, and has version {now.version}",
            f"a save of version {book.version} is refused with 412 when the restock has made a new one",
        )
        story.require(
            not saved or story.shown(save).version != made.version,
            f"{what}, both with version {made.version}",
            "each change gives the book a version that it has never had",
        )

    return holds


def both_restocks_count(book: Book, one: int, other: int) -> Holds:
    """Return the rule for two restocks: both happen, the stock adds up, and each makes a version of its own."""
    story = Story(book, f"sent a restock of {one} and a restock of {other}")

    async def holds(after: After) -> None:
        answers = _answers(story, after)
        for answer in answers:
            story.status(answer, OK)
        now, whole = await story.see(after.lab), book.stock + one + other
        story.left(now, book.edition, whole, f"there were {book.stock} copies, and both answered 200")
        made = [
            _restocked(story, answer, book.stock + n, whole) for answer, n in zip(answers, (one, other), strict=True)
        ]
        story.versions(now, [shown.version for shown in sorted(made, key=lambda shown: shown.stock)])

    return holds


def _restocked(story: Story, answer: Answer, *stocks: int) -> Shown:
    """Return the book that a restock was answered with, which must have one of these stocks."""
    shown = story.shown(answer)
    story.require(
        shown.stock in stocks,
        f"a restock was answered with stock {shown.stock}",
        f"the answer carries the stock that this restock made: {' or '.join(map(str, stocks))}",
    )
    return shown


def answers_are_their_own(book: Book, one: Edition, other: Edition) -> Holds:
    """Return the rule for a save of the current version and a save of any (`*`): each is answered with what it wrote.

    The save of any may be refused where the other was saved at the same moment, and has changed nothing then.
    """
    story = Story(book, "sent a save of the current version and another, of other content, with If-Match: *")

    async def holds(after: After) -> None:
        answers = _answers(story, after)
        saves = [
            (edition, story.saved(answer, edition).version)
            for answer, edition in zip(answers, (one, other), strict=True)
            if story.status(answer, OK, STALE) == OK
        ]
        story.require(bool(saves), "both were refused with 412", "a save whose version is current is not refused")
        # Where both were saved the save of any came last: after it the version of the other was stale.
        last, now = saves[-1][0], await story.see(after.lab)
        first = "both answered 200, so the save with * came last" if len(saves) > 1 else f"only {last} was saved"
        story.left(now, last, book.stock, first)
        story.versions(now, [version for _, version in saves])

    return holds
