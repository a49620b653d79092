"""The bench a submission is graded on: its database, its replicas, and the wires between."""

from grader.lab.after import After, Holds, Retry, Tables
from grader.lab.apart import Apart
from grader.lab.bench import Lab, Unusable
from grader.lab.debugging import Stop
from grader.lab.http import Answer, Budget, Request, Stopped, get, most_repeated, printed, shortened

__all__ = [
    "After",
    "Answer",
    "Apart",
    "Budget",
    "Holds",
    "Lab",
    "Request",
    "Retry",
    "Stop",
    "Stopped",
    "Tables",
    "Unusable",
    "get",
    "most_repeated",
    "printed",
    "shortened",
]
