"""Where commands are run of which nothing may be left."""

from grader.tests.grade.conftest import ground

__all__ = ["ground"]
