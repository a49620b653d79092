"""What is known of one learner's work on one kata, and how runs, hints and time change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.kata import KATAS, load_kata, on_the_path
from grader.progress import store
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from grader.kata import Kata
    from grader.verdict import Verdict

PAUSE = timedelta(minutes=15)
"""A longer gap between two signs of work counts as a pause."""


class State(StrEnum):
    """How far a kata has come."""

    NEW = "not begun"
    BEGUN = "begun"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Record:
    """A learner's work on one kata.

    `points` are the most so far, `latest` those of the latest attempt; an attempt is a run of all checks. `failed` maps
    the checks that did not pass then to what was said of them, `hints` a task's number to how many were given.
    """

    points: int = 0
    latest: int = 0
    attempts: int = 0
    seconds: int = 0
    first: datetime | None = None
    last: datetime | None = None
    passed: datetime | None = None
    hints: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """How far it has come; what was passed once stays so."""
        return State.PASSED if self.passed else State.BEGUN if self.first else State.NEW

    @property
    def minutes(self) -> int:
        """Time spent, in whole minutes, rounded up."""
        return -(-self.seconds // 60)


def read() -> dict[str, Record]:
    """Return all records by the names of their katas; raises ProgressError."""
    return {name: _record(name, table) for name, table in store.load().items()}


def next_of(katas: Iterable[Kata], records: Mapping[str, Record]) -> Kata | None:
    """Return the kata to take up next: the first on the path that is not passed, after what it requires, if it can be.

    None where all are passed.
    """
    path = on_the_path(katas)
    done = {kata.number for kata in path if records.get(kata.name, Record()).passed}
    there = {kata.number for kata in path}
    left = [kata for kata in path if kata.number not in done]
    ready = [kata for kata in left if set(kata.requires) & there <= done]
    return next(iter(ready or left), None)


def began(folder: Path) -> None:
    """Note that the kata in this folder is worked on now; raises ProgressError."""
    if _is_own(folder):
        _change(folder.name, lambda record: worked(record, _now()))


def gave_hint(name: str, task: int) -> int:
    """Note that one more hint for a task is given, and return how many that makes; raises ProgressError."""

    def more(record: Record) -> Record:
        return replace(worked(record, _now()), hints=record.hints | {str(task): record.hints.get(str(task), 0) + 1})

    return _change(name, more).hints[str(task)]


def record(verdicts: Iterable[Verdict]) -> None:
    """Note what runs have shown of the katas in the project's own `katas/`; raises ProgressError."""
    for verdict in verdicts:
        folder = KATAS / verdict.kata
        if verdict.results and Path(verdict.submission).resolve() == folder:
            _change(verdict.kata, partial(graded, verdict=verdict, now=_now()))


def worked(record: Record, now: datetime) -> Record:
    """Return the record with a sign of work at this moment."""
    gap = now - record.last if record.last else timedelta()
    counted = gap if timedelta() < gap <= PAUSE else timedelta()
    seconds = record.seconds + round(counted.total_seconds())
    return replace(record, first=record.first or now, last=now, seconds=seconds)


def graded(record: Record, verdict: Verdict, now: datetime) -> Record:
    """Return the record with a run added: an attempt where all checks were made, else only a sign of work."""
    record = worked(record, now)
    outcomes = {result.outcome for result in verdict.results}
    made = {result.check for result in verdict.results}
    if made != set(load_kata(verdict.kata).points) or Outcome.ERROR in outcomes:
        return record
    return replace(
        record,
        points=max(record.points, verdict.earned),
        latest=verdict.earned,
        attempts=record.attempts + 1,
        passed=record.passed or (now if outcomes == {Outcome.PASSED} else None),
        failed={result.check: result.text for result in verdict.results if result.outcome is not Outcome.PASSED},
    )


def _is_own(folder: Path) -> bool:
    return folder.parent == KATAS


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _change(name: str, change: Callable[[Record], Record]) -> Record:
    with store.changing() as tables:
        changed = change(_record(name, tables.get(name, {})))
        tables[name] = {key: value for key, value in asdict(changed).items() if value is not None}
    return changed


def _record(name: str, table: dict[str, Any]) -> Record:
    """Read a table; raises ProgressError where it is not one that was written here."""
    numbers = {"points", "latest", "attempts", "seconds"}
    tables: dict[str, type] = {"hints": int, "failed": str}
    known = {field.name for field in fields(Record)}
    for key, value in table.items():
        if key in numbers:
            fits, wanted = isinstance(value, int) and value >= 0, "a number, 0 or more"
        elif key in tables:
            fits = isinstance(value, dict) and all(isinstance(one, tables[key]) for one in value.values())
            wanted = f"a table of {'numbers' if tables[key] is int else 'texts'}"
        else:
            fits, wanted = key in known and isinstance(value, datetime) and value.tzinfo is not None, "a moment in UTC"
        if key not in known:
            raise store.damaged(f"{name}.{key} is not known here")
        if not fits:
            raise store.damaged(f"{name}.{key} must be {wanted}, got {value!r}")
    return Record(**table)
