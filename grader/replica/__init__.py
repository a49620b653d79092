"""The submission's code as real processes: started fast, limited, watched, and ended with all they leave behind."""

from grader.replica.ancestor import spare
from grader.replica.copy import SubmissionError, copy_submission
from grader.replica.host import Host, StartMethod
from grader.replica.reins import Reins
from grader.replica.replica import Replica
from grader.replica.values import BootError, Edge, Exit, HostError, Limits

__all__ = [
    "BootError",
    "Edge",
    "Exit",
    "Host",
    "HostError",
    "Limits",
    "Reins",
    "Replica",
    "StartMethod",
    "SubmissionError",
    "copy_submission",
    "spare",
]
