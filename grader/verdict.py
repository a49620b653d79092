"""What grading found: outcomes, findings and verdicts, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    """The property holds."""
    FAILED = "failed"
    """It was seen broken; the finding says how."""
    BLOCKED = "blocked"
    """Could not be checked: the service did not start, or a check it stands on failed."""
    INCONCLUSIVE = "inconclusive"
    """A budget ran out or the window was never reached; never a pass."""
    ERROR = "error"
    """The grader's fault, never the learner's."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the submission; `file` is relative to its folder."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something the learner can look at: a title and the lines under it, and the place in their code it points to."""

    title: str
    lines: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One actor of a timeline: `label` says who it is and what it was sent, `outcome` what it was answered."""

    label: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline: a statement, a call or a fault, in the lane with the number `lane` (from 0).

    `note` is what came of it (`→ version 3`, `1 row`, `unique violation`). `waited_until` is the number (from 1) of the
    moment with which a waiting statement went on. `bad` marks the one where it went wrong, `remark` says why there.
    """

    lane: int
    text: str
    note: str = ""
    place: Place | None = None
    bad: bool = False
    remark: str = ""
    fault: bool = False
    waited_until: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One schedule or crash that breaks the submission, to be drawn.

    `anomaly` is the field's name for it (`lost update`), empty where it has none. `why` is one sentence; `nearest` the
    nearest order that holds; `explored` what was tried; `token` replays exactly this.
    """

    title: str
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]
    anomaly: str = ""
    why: str = ""
    nearest: str = ""
    explored: str = ""
    token: str = ""


@dataclass(eq=False)
class Finding(Exception):  # noqa: N818 -- a finding is a verdict on the submission, not an error of the grader
    """A property that does not hold, in the learner's words.

    `done` is what the grader did, `seen` what came of it, `expected` what must hold.
    """

    done: str
    seen: str
    expected: str
    evidence: tuple[Evidence, ...] = ()
    place: Place | None = None
    timeline: Timeline | None = None

    def __str__(self) -> str:
        return f"{self.seen} ({self.expected})"

    def __reduce__(self) -> tuple[object, ...]:
        # an exception is pickled with the positional arguments it was made with, of which there may be none
        return type(self), tuple(getattr(self, f.name) for f in fields(self))


class Inconclusive(Exception):  # noqa: N818 -- an outcome, not an error
    """The check could not reach a verdict; the message says why."""


class Blocked(Exception):  # noqa: N818 -- an outcome, not an error
    """The check could not be made; the message says what stood in its way."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check on one submission; `seconds` is wall time, for information only."""

    check: str
    title: str
    task: int
    kind: str
    points: int
    outcome: Outcome
    message: str = ""
    finding: Finding | None = None
    seconds: float = 0.0
    schedules: int = 0
    classes: int = 0
    complete: bool | None = None
    """True when every schedule was run, False when only some were, None when the check explores none."""

    @property
    def text(self) -> str:
        """The message in full: what was done, seen and expected."""
        f = self.finding
        return f"{f.done}; {f.seen}; {f.expected}" if f else self.message

    @property
    def said_here(self) -> bool:
        """Whether this result tells something of its own, and is not only blocked behind another."""
        return self.outcome is not Outcome.BLOCKED or self.finding is not None

    @property
    def earned(self) -> int:
        """Points earned: all or none."""
        return self.points if self.outcome is Outcome.PASSED else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is known of one submission after a run."""

    submission: str
    kata: str
    services: str
    versions: dict[str, str]
    seed: int
    results: tuple[CheckResult, ...] = ()

    @property
    def earned(self) -> int:
        """Points earned in all."""
        return sum(r.earned for r in self.results)

    def with_result(self, result: CheckResult) -> Self:
        """Return the verdict with one more result, replacing an earlier one of the same check."""
        kept = tuple(r for r in self.results if r.check != result.check)
        return replace(self, results=(*kept, result))
