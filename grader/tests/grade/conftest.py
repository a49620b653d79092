"""Where runs are made of which nothing may be left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.grade.project import Ground, ground_of_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Give a folder with servers of its own."""
    yield from ground_of_its_own()
