"""`{{ verb argument … }}` in the site's own pages: what stands there is looked up while the site is built."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

from grader.contract import transcripts
from grader.kata import PROJECT
from grader.site import reference
from grader.site.catalogue import index, prerequisites
from grader.site.gallery import texts_of
from grader.site.markup import fence, table
from grader.site.notebook import NOTEBOOKS, notebook
from grader.site.teaching import minutes, planned, summed, what_goes_wrong
from grader.site.workshop import SiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from grader.site.concepts import Concept
    from grader.site.exhibits import Exhibit
    from grader.site.workshop import Room, Workshop

_MARKER = re.compile(r"\{\{ (\w+)((?: [\w./=-]+)*) \}\}")


class Markers:
    """The verbs, for pages that are made from one workshop."""

    def __init__(self, workshop: Workshop, concepts: Sequence[Concept]) -> None:
        self._workshop = workshop
        rooms = workshop.rooms
        self._verbs: dict[str, Callable[..., str]] = {
            "katas": lambda: index(rooms),
            "prerequisites": lambda root: prerequisites(rooms, root),
            "concepts": lambda: "\n".join(f"- [{c.title}]({c.path.rpartition('/')[2]}): {c.summary}" for c in concepts),
            "count": self._count,
            "longest_search": lambda: str(max(_complete_searches(rooms))),
            "default": reference.default_of,
            "outcomes": reference.outcomes,
            "picture": self._picture,
            "transcript": self._transcript,
            "notebook": lambda name: notebook(NOTEBOOKS / f"{name}.ipynb", workshop.pictures.files),
            "readme": _readme,
            "rooms": _rooms,
            "minutes": lambda: minutes(rooms),
            "planned": lambda which: planned(rooms, which),
            "what_goes_wrong": lambda: what_goes_wrong(rooms),
            "kill_matrix": lambda: reference.kill_matrix(rooms),
            "verbs": reference.verbs,
            "statuses": reference.statuses,
            "options": reference.options,
            "kata_toml": reference.kata_toml,
            "result_file": reference.result_file,
            "fault_verbs": reference.fault_verbs,
            "crash_points": reference.crash_points,
            "tokens": reference.tokens,
        }

    def expand(self, markdown: str, page: str) -> str:
        """Return the text of the page at this path with every marker replaced; SiteError where one means nothing."""
        root = "../" * page.count("/")

        def replaced(found: re.Match[str]) -> str:
            verb, *arguments = f"{found[1]}{found[2]}".split()
            if verb == "sum":
                return found[0]
            if verb not in self._verbs:
                raise SiteError(f"{page}: {found[0]} means nothing; there are {', '.join(sorted(self._verbs))}")
            try:
                if verb in {"picture", "prerequisites"}:
                    return self._verbs[verb](*arguments, root=root)
                return self._verbs[verb](*arguments)
            except (TypeError, ValueError, KeyError, SiteError) as error:
                raise SiteError(f"{page}: {found[0]}: {error}") from error

        return summed(_MARKER.sub(replaced, markdown))

    def _count(self, what: str) -> str:
        """Return how many there are of something in all katas together."""
        rooms = self._workshop.rooms
        counts = {
            "katas": len(rooms),
            "checks": sum(len(room.checks) for room in rooms),
            "mistakes": sum(len(room.mistakes) for room in rooms),
            "designs": sum(len(room.alternatives) + 1 for room in rooms),
        }
        return str(counts[what])

    def _exhibit(self, number: str, name: str) -> Exhibit:
        room = self._workshop.room(number)
        for exhibit in (room.starter, *room.mistakes):
            if exhibit.name == name:
                return exhibit
        raise SiteError(f"kata {number} has no mistake {name}")

    def _picture(self, number: str, name: str, *, root: str) -> str:
        """Return the schedule that breaks a mistake, or the starter."""
        exhibit = self._exhibit(number, name)
        return self._workshop.pictures.schedule(exhibit, self._workshop.shown(exhibit), root)

    def _transcript(self, number: str, name: str, check: str) -> str:
        """Return what a learner reads of a check in the terminal."""
        texts = transcripts.read(transcripts.path_of(self._exhibit(number, name).entry))
        return fence(texts[check], "console")


def _complete_searches(rooms: Iterable[Room]) -> Iterator[int]:
    """Yield how many schedules each search took that found a mistake and saw all there are."""
    for exhibit in chain.from_iterable(room.mistakes for room in rooms):
        for text in texts_of(exhibit).values():
            yield from map(int, re.findall(r"Tried (\d+) schedules? \(complete", text))


def _readme(name: str) -> str:
    """Return a block of README.md, whose commands and output CI tries."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^<!-- \w+: {re.escape(name)} -->\s*^(```\w+\n.*?^```)$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SiteError(f"README.md has no block marked {name}")
    return found[1]


def _rooms() -> str:
    """Return the grader's rooms from the highest floor down, each with what its package says that it is."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    rows = []
    for number, floor in zip(range(len(floors), 0, -1), floors, strict=True):
        for room in floor.split(" | "):
            says = (import_module(f"grader.{room}").__doc__ or "").strip().split("\n\n")[0]
            rows.append((f"`{room}`", str(number), " ".join(says.split())))
    return table(("Room", "Floor", "What it is"), rows)
