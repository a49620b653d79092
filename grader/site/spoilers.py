"""The part of a kata's page that gives it away: the reference, other designs, and what there is in the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.site.exhibits import differences
from grader.site.markup import fence, fold, table, tabs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.site.exhibits import Difference, Exhibit
    from grader.site.workshop import Room


def spoilers(room: Room) -> Iterator[str]:
    """Yield the sections of a kata's page that are folded away."""
    yield "## Spoilers\n"
    yield "What is folded here gives the kata away.\n"
    yield fold("spoiler", "The reference, with its diff to the starter", _reference(room), depth=2, key="reference")
    count = len(room.alternatives)
    title = f"{count} other designs that pass, and what each costs"
    yield fold("spoiler", title, "\n".join(map(_alternative, room.alternatives)), depth=2, key="alternatives")
    title = f"The gallery of mistakes: {len(room.mistakes)} wrong solutions, and what breaks each"
    yield fold("spoiler", title, _contents(room), depth=2, key="mistakes")


def _contents(room: Room) -> str:
    page = f"../{room.gallery}"
    rows = ((f"[{each.title}]({page}#{each.anchor})", each.told.partition("\n")[0]) for each in room.mistakes)
    return f"[All of them on one page]({page})\n\n{table(('What was done', 'What was thought'), rows)}"


def _reference(room: Room) -> str:
    changed = differences(room.starter.entry.submission, room.reference.entry.submission)
    parts = []
    for each in (each for each in changed if each.after):
        whole = fence(each.after, _language(each.file))
        both = tabs([("Diff to the starter", diff_of([each])), ("The file", whole)]) if each.before else whole
        parts.append(f"#### `{each.file}`{'' if each.before else ', new'}\n\n{both}")
    return "\n".join([_gone(changed), *parts])


def _alternative(exhibit: Exhibit) -> str:
    changed = exhibit.against_reference
    diff = fold("code", f"Its lines against the reference: {size(changed)}", diff_of(changed))
    return f"#### {exhibit.title} {{#alternative-{exhibit.anchor}}}\n\n{exhibit.told}\n\n{diff}"


def diff_of(changed: Sequence[Difference]) -> str:
    """Return the differences as blocks of code, a file each; files that are gone are named."""
    blocks = [fence("\n".join(each.lines), "diff", each.file) for each in changed if each.after]
    return "\n".join([_gone(changed), *blocks])


def _gone(changed: Sequence[Difference]) -> str:
    files = [f"`{each.file}`" for each in changed if not each.after]
    return f"Gone: {', '.join(files)}.\n" if files else ""


def size(changed: Sequence[Difference]) -> str:
    """Return how many lines differ, in how many files."""
    lines, files = sum(each.changed for each in changed), len(changed)
    return f"{lines} lines in {files} {'file' if files == 1 else 'files'}"


def _language(file: str) -> str:
    return {"py": "python", "sql": "sql", "toml": "toml"}[file.rpartition(".")[2]]
