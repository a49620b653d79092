"""Kata 04, add optimistic locking: two editors and one book."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.checks import Example, check
from grader.checks.optimistic_locking import crashes, races
from grader.checks.optimistic_locking.books import (
    FIRST,
    RENAMED,
    REPRICED,
    REWRITTEN,
    Book,
    Edition,
    delete,
    new_book,
    read,
    restock,
    save,
    tag_of,
)
from grader.checks.optimistic_locking.story import (
    INVALID,
    MALFORMED,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    STALE,
    UNCONDITIONAL,
    Shown,
    Story,
)

if TYPE_CHECKING:
    from random import Random

    from grader.lab import Lab, Request

BEYOND_BIGINT = 2**63


def example(random: Random) -> Example:
    """Return a book to read, save and restock, and another to delete."""
    book, other = new_book(random), new_book(random)
    rows = {table: [*rows, *other.tables[table]] for table, rows in book.tables.items()}
    return Example(rows, (read(book), save(book, RENAMED, book.tag), restock(book, 5), delete(other, other.tag)))


async def _written(lab: Lab) -> Book:
    """Write a book and return it."""
    book = new_book(lab.random)
    await lab.rows.insert(book.tables)
    return book


async def _require_unchanged(story: Story, lab: Lab, before: Shown) -> None:
    """Require that a refused request has changed nothing, the version included."""
    now = await story.see(lab)
    story.require(now == before, f"it was {before}; now it is {now}", "a refused request changes nothing")


@check(task=1, kind="behaviour")
async def a_stale_save_is_refused(lab: Lab) -> None:
    """A save of a version that is no longer current is refused, and changes nothing."""
    book = await _written(lab)
    story = Story(book, "saved a book, and then saved it on the other replica with the ETag that it had before")
    read_by_both = await story.see(lab)
    await story.send(lab, save(book, RENAMED, read_by_both.tag), OK)
    now = await story.see(lab)
    await story.send(lab, save(book, REPRICED, read_by_both.tag), STALE, to="B")
    await _require_unchanged(story, lab, now)
    story = Story(book, "restocked a book, and then saved it with the ETag that it had before")
    for _ in range(3):  # a version made of the time is a new one by chance, now and then
        before = now
        await story.send(lab, restock(book, 5), OK, to="B")
        now = await story.see(lab)
        await story.send(lab, save(book, REPRICED, before.tag), STALE)
        await _require_unchanged(story, lab, now)
    story = Story(book, "had a save refused, read the book again, and saved it with the ETag that it has now")
    await story.send(lab, save(book, REPRICED, now.tag), OK)
    story.left(await story.see(lab), REPRICED, now.stock, f"{REPRICED} was saved with 200")


@check(task=1, kind="behaviour")
async def a_stale_delete_is_refused(lab: Lab) -> None:
    """A delete of a version that is no longer current is refused; a current one deletes."""
    book = await _written(lab)
    story = Story(book, "saved a book, and then deleted it on the other replica with the ETag that it had before")
    before = await story.see(lab)
    await story.send(lab, save(book, RENAMED, before.tag), OK)
    saved = await story.see(lab)
    await story.send(lab, delete(book, before.tag), STALE, to="B")
    await _require_unchanged(story, lab, saved)
    story = Story(book, "deleted a book with its current ETag")
    await story.send(lab, delete(book, saved.tag), NO_CONTENT, to="B")
    story.require(await story.look(lab) is None, "then GET found it", "a deleted book is gone: GET answers 404")


@check(task=1, kind="behaviour")
async def a_save_without_if_match_is_refused(lab: Lab) -> None:
    """A save or a delete that names no version is refused with 428, and changes nothing."""
    book = await _written(lab)
    for name, request in (("saved", save(book, RENAMED, None)), ("deleted", delete(book, None))):
        story = Story(book, f"{name} a book without If-Match")
        before = await story.see(lab)
        await story.send(lab, request, UNCONDITIONAL)
        await _require_unchanged(story, lab, before)


@check(task=1, kind="behaviour")
async def an_unknown_book_is_not_found(lab: Lab) -> None:
    """A book that was never there is a 404, whatever is asked of it."""
    book = new_book(lab.random)
    for request in (read(book), save(book, RENAMED, book.tag), delete(book, book.tag), restock(book, 5)):
        await Story(book, f"sent {request.method} for a book that was never there").send(lab, request, NOT_FOUND)


@check(task=2, kind="race")
async def one_of_two_edits_wins(lab: Lab) -> None:
    """Of two editors who read the same version exactly one saves."""
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[save(book, RENAMED, book.tag), save(book, REPRICED, book.tag)],
        holds=races.one_save_wins(book, RENAMED, REPRICED),
    )


@check(task=2, kind="race")
async def save_against_delete(lab: Lab) -> None:
    """Of a save and a delete, or of two deletes, of the same version exactly one succeeds."""
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[save(book, RENAMED, book.tag), delete(book, book.tag)],
        holds=races.save_or_delete(book, RENAMED),
    )
    await lab.every_interleaving(
        given=book.tables,
        requests=[delete(book, book.tag), delete(book, book.tag)],
        holds=races.one_delete_wins(book),
    )


@check(task=2, kind="race")
async def save_against_restock(lab: Lab) -> None:
    """A save and a restock at the same time lose nothing of each other."""
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[save(book, REWRITTEN, book.tag), restock(book, 5)],
        holds=races.save_and_restock(book, REWRITTEN, 5),
    )


@check(task=2, kind="race")
async def restocks_add_up(lab: Lab) -> None:
    """Two restocks at the same time both count, and each makes a version of its own."""
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[restock(book, 3), restock(book, 5)],
        holds=races.both_restocks_count(book, 3, 5),
    )


@check(task=2, kind="race")
async def restock_against_delete(lab: Lab) -> None:
    """A book that is restocked at the moment of its delete is kept with its copies, or gone."""
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[restock(book, 5), delete(book, book.tag)],
        holds=races.restock_or_delete(book, 5),
    )


@check(task=3, kind="integrity")
async def every_change_gives_a_new_version(lab: Lab) -> None:
    """Each change gives the book a version that it has never had."""
    book = await _written(lab)
    story = Story(book, "changed a book several times, and read it after each change")
    now = await story.see(lab)
    versions = [now.version]
    changes: list[Edition | int] = [RENAMED, 5, FIRST, REPRICED, 1, FIRST, RENAMED]
    for number, change in enumerate(changes):
        request = restock(book, change) if isinstance(change, int) else save(book, change, now.tag)
        what = f"a restock of {change}" if isinstance(change, int) else f"a save of {change}"
        made = story.shown(await story.send(lab, request, OK, to="AB"[number % 2]))
        now = await story.see(lab, to="AB"[(number + 1) % 2])
        story.require(
            now.version not in versions,
            f"the versions were {', '.join(map(str, versions))}; after {what} it is {now.version}",
            "each change gives the book a version that it has never had",
        )
        story.require(
            made.version == now.version,
            f"{what} was answered with version {made.version}; GET shows {now.version}",
            "the answer to a change carries the version that the change made",
        )
        versions.append(now.version)


@check(task=3, kind="integrity")
async def the_answer_is_what_this_save_wrote(lab: Lab) -> None:
    """A save is answered with what it wrote, and with the ETag that the next save needs."""
    book = await _written(lab)
    story = Story(book, "saved a book again and again, each time with the ETag of the answer before")
    now = await story.see(lab)
    for number, edition in enumerate((RENAMED, REPRICED, REWRITTEN)):
        made = story.saved(await story.send(lab, save(book, edition, now.tag), OK, to="AB"[number % 2]), edition)
        story.left(made, edition, book.stock, f"{edition} was saved")
        now = made
    book = new_book(lab.random)
    await lab.every_interleaving(
        given=book.tables,
        requests=[save(book, RENAMED, book.tag), save(book, REWRITTEN, "*")],
        holds=races.answers_are_their_own(book, RENAMED, REWRITTEN),
    )


@check(task=4, kind="integrity")
async def a_crash_leaves_all_or_nothing(lab: Lab) -> None:
    """After a crash at any point a change is there whole, with a new version, or not at all."""
    book = new_book(lab.random)
    for request, holds in (
        (save(book, RENAMED, book.tag), crashes.save_whole_or_not(book, RENAMED, REWRITTEN)),
        (restock(book, 5), crashes.restock_whole_or_not(book, 5)),
        (delete(book, book.tag), crashes.delete_whole_or_not(book)),
    ):
        await lab.every_crash(given=book.tables, request=request, holds=holds, retry=False)


@check(task=5, kind="boundary")
async def odd_tags(lab: Lab) -> None:
    """If-Match means what HTTP says, and no text in it breaks the service."""
    book = await _written(lab)
    now = await Story(book, "read a book").see(lab)
    refused: list[tuple[str, tuple[int, ...]]] = [
        (f"W/{now.tag}", (STALE,)),
        (f'"{now.version + 1}", "{now.version + 2}"', (STALE,)),
        (tag_of(BEYOND_BIGINT - 1), (STALE,)),
        (tag_of(BEYOND_BIGINT), (STALE,)),
        (tag_of(10**40), (STALE,)),
        (str(now.version), (MALFORMED, STALE)),
        (f'"{now.version}', (MALFORMED, STALE)),
        ('"', (MALFORMED, STALE)),
        ("seven", (MALFORMED, STALE)),
        ('"seven"', (MALFORMED, STALE)),
        (f'"{now.version}{now.version}"', (STALE,)),
    ]
    for header, statuses in refused:
        for name, request in (("saved", save(book, RENAMED, header)), ("deleted", delete(book, header))):
            story = Story(book, f"{name} a book of version {now.version} with If-Match: {header}")
            await story.send(lab, request, *statuses)
            await _require_unchanged(story, lab, now)
    for number, form in enumerate(("*", '"999999", {}', '{},"999999"')):
        header = form.format(now.tag)
        story = Story(book, f"saved a book of version {now.version} with If-Match: {header}")
        edition = Edition(REWRITTEN.title, 2000 + number)
        await story.send(lab, save(book, edition, header), OK)
        now = await story.see(lab)
        story.left(now, edition, book.stock, f"{edition} was saved with 200")
    story = Story(book, "deleted a book with If-Match: *, and then sent a save and a delete of it")
    await story.send(lab, delete(book, "*"), NO_CONTENT)
    for header in (now.tag, "*"):
        await story.send(lab, save(book, FIRST, header), NOT_FOUND, STALE)
        await story.send(lab, delete(book, header), NOT_FOUND, STALE)


@check(task=5, kind="boundary")
async def two_faults_at_once(lab: Lab) -> None:
    """A request with a fault, or with two, is refused for one of them, and changes nothing."""
    book = await _written(lab)
    unknown = new_book(lab.random)
    now = await Story(book, "read a book").see(lab)
    empty = Edition("", 900)
    faulty: list[tuple[str, Request, tuple[int, ...]]] = [
        ("a save of a title with a NUL", save(book, Edition("a\0b", 900), now.tag), (INVALID,)),
        ("a save of an empty title", save(book, empty, now.tag), (INVALID,)),
        ("a save at a price of -1", save(book, replace(FIRST, price_cents=-1), now.tag), (INVALID,)),
        ("a save at a price of 10^30", save(book, replace(FIRST, price_cents=10**30), now.tag), (INVALID,)),
        ("a restock of 0", restock(book, 0), (INVALID,)),
        ("a restock of 10^30", restock(book, 10**30), (INVALID,)),
        ("a save of an empty title without If-Match", save(book, empty, None), (INVALID, UNCONDITIONAL)),
        ("a stale save of an empty title", save(book, empty, tag_of(now.version + 1)), (INVALID, STALE)),
        ("a save of an empty title with a malformed tag", save(book, empty, "seven"), (MALFORMED, INVALID, STALE)),
        ("a save of an unknown book without If-Match", save(unknown, FIRST, None), (NOT_FOUND, UNCONDITIONAL)),
        (
            "a save of an unknown book with a malformed tag",
            save(unknown, FIRST, "seven"),
            (MALFORMED, NOT_FOUND, STALE),
        ),
        ("a save of an empty title for an unknown book", save(unknown, empty, now.tag), (NOT_FOUND, INVALID)),
        ("a delete of an unknown book without If-Match", delete(unknown, None), (NOT_FOUND, UNCONDITIONAL)),
        ("a delete of an unknown book with a malformed tag", delete(unknown, "seven"), (MALFORMED, NOT_FOUND, STALE)),
        ("a restock of 0 for an unknown book", restock(unknown, 0), (NOT_FOUND, INVALID)),
    ]
    for name, request, statuses in faulty:
        story = Story(book, f"sent {name}")
        await story.send(lab, request, *statuses)
        await _require_unchanged(story, lab, now)
