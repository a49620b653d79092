"""What stands in a result file, version 1: the types from which its schema and its reference page are made."""

from __future__ import annotations

from typing_extensions import TypedDict

from grader.verdict import Evidence, Place, Timeline  # noqa: TC001 -- the schema is made from what stands in the types

VERSION = 1


class FindingEntry(TypedDict):
    """What a check found that does not hold."""

    done: str
    """What the grader did."""
    seen: str
    """What came of it."""
    expected: str
    """What must hold."""
    place: Place | None
    """The line of the submission that did it, where there is one."""


class CheckEntry(TypedDict):
    """One check of one submission."""

    id: str
    """Names the check, for `-k` and in ids of pytest."""
    title: str
    """The sentence that must hold."""
    task: int
    """The number of its task, from 1."""
    kind: str
    """`behaviour`, `shape`, `cost`, `race`, `integrity` or `boundary`."""
    points: int
    """What it is worth; 0 for a guard."""
    earned: int
    """What was earned: all or nothing."""
    outcome: str
    """`passed`, `failed`, `blocked`, `inconclusive` or `error`."""
    message: str
    """What was done, seen and expected; empty where it passed."""
    finding: FindingEntry | None
    """The same in its parts; null where there is none."""
    evidence: list[Evidence]
    """What there is to look at: statements, rows, answers."""
    timeline: Timeline | None
    """The schedule or crash that broke the service, with the token that replays it."""
    seconds: float
    """Wall time, for information only."""
    schedules: int
    """Schedules that were run; 0 where the check explores none."""
    classes: int
    """Classes of schedules among them that no outcome can tell apart."""
    complete: bool | None
    """Whether that was every class; null where the check explores none."""


class ServicesEntry(TypedDict):
    """What a submission was graded on."""

    kind: str
    """`embedded`, `containers` or `external`."""
    versions: dict[str, str]
    """The version of each server by its name."""


class SubmissionEntry(TypedDict):
    """One submission."""

    submission: str
    """Its folder."""
    kata: str
    """Number and slug of its kata."""
    services: ServicesEntry
    """The servers."""
    seed: int
    """The number from which the rows were made; `--seed` sets it."""
    points: int
    """Points earned in all."""
    checks: list[CheckEntry]
    """The checks that were made, in their order."""


class ResultFile(TypedDict):
    """The whole file."""

    version: int
    """Of the format. A reader refuses one that it does not know."""
    submissions: list[SubmissionEntry]
    """In the order in which they were graded."""
