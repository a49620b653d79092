"""The fixtures of the lab's tests, with which services are put on the bench here too."""

from grader.tests.lab.conftest import host, pair

__all__ = ["host", "pair"]
