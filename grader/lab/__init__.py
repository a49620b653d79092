"""The bench a submission is graded on: its database, its replicas, and the wires between."""

from grader.lab.after import After, Holds, Retry, Tables
from grader.lab.apart import Apart
from grader.lab.bench import Lab
from grader.lab.debugging import Stop
from grader.lab.http import Answer, Budget, Request, Stopped, get, most_repeated, shortened
from grader.lab.logs import printed, raised
from grader.lab.process import Process
from grader.lab.station import RedisIs
from grader.lab.unusable import Unusable

__all__ = [
    "After",
    "Answer",
    "Apart",
    "Budget",
    "Holds",
    "Lab",
    "Process",
    "RedisIs",
    "Request",
    "Retry",
    "Stop",
    "Stopped",
    "Tables",
    "Unusable",
    "get",
    "most_repeated",
    "printed",
    "raised",
    "shortened",
]
