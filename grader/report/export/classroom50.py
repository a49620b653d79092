"""Classroom 50's `result.json`, schema `classroom50/result/v1`.

https://github.com/foundation50/classroom50/wiki/Advanced-Autograding#the-resultjson-contract
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from grader.report.export.score import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from grader.report.export.score import Line, Score


class IdentityError(Exception):
    """The environment does not say whose submission this is; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose submission this is, as Classroom 50's runner tells its autograders."""

    classroom: str
    assignment: str
    assignment_type: str
    owner: str
    submission: str
    commit: str
    release: str
    review: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the runner's variables; IdentityError where one is not set."""

        def value(*names: str) -> str:
            found = next((environment[name] for name in names if environment.get(name)), "")
            if not found:
                raise IdentityError(
                    f"{' or '.join(names)} is not set; Classroom 50's runner sets it for its autograder"
                )
            return found

        return cls(
            classroom=value("CLASSROOM"),
            assignment=value("ASSIGNMENT"),
            assignment_type=environment.get("ASSIGNMENT_TYPE") or "individual",
            owner=value("OWNER", "USERNAME"),
            submission=value("SUBMISSION_TAG"),
            commit=value("COMMIT_URL"),
            release=value("RELEASE_URL"),
            review=value("REVIEW_URL", "COMMIT_URL"),
        )


def classroom50(score: Score, identity: Identity, moment: datetime) -> str:
    """Return the document; `moment`, in UTC, is when it was graded, and the runner puts the commit's in its place."""
    return as_json(
        {
            "schema": "classroom50/result/v1",
            "classroom": identity.classroom,
            "assignment": identity.assignment,
            "assignment_type": identity.assignment_type,
            "owner": identity.owner,
            "submission": identity.submission,
            "commit": identity.commit,
            "release": identity.release,
            "review": identity.review,
            "datetime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "score": score.earned,
            "max-score": score.points,
            "tests": [_test(line) for line in score.lines],
        }
    )


def _test(line: Line) -> dict[str, object]:
    return {
        "test-name": line.title,
        "passed": line.passed,
        "score": line.earned,
        "max-score": line.points,
        "outcome": line.word,
        "output": line.text,
    }
