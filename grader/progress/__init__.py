"""What a learner has done: points, attempts and time in a file of their own, the attempts kept, the hints given."""

from grader.progress.attempts import Attempt, attempts_of, keep, put_back, put_starter
from grader.progress.hints import Hints, hints_of
from grader.progress.opening import solutions_from
from grader.progress.record import Record, State, began, gave_hint, next_of, read, record
from grader.progress.resemblance import Likeness, likeness
from grader.progress.store import FILE, ProgressError

__all__ = [
    "FILE",
    "Attempt",
    "Hints",
    "Likeness",
    "ProgressError",
    "Record",
    "State",
    "attempts_of",
    "began",
    "gave_hint",
    "hints_of",
    "keep",
    "likeness",
    "next_of",
    "put_back",
    "put_starter",
    "read",
    "record",
    "solutions_from",
]
