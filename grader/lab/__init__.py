"""The bench a submission is graded on: its database, its replicas, and the wires between."""

from grader.lab.bench import Lab, Unusable
from grader.lab.http import Answer, Budget, Request, Stopped, get, most_repeated, printed, shortened

__all__ = ["Answer", "Budget", "Lab", "Request", "Stopped", "Unusable", "get", "most_repeated", "printed", "shortened"]
