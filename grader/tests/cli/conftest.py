"""Clones of learners, with servers of their own that are stopped in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.cli.clone import Clone
from grader.tests.grade.project import Ground, ground_of_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Give a folder with servers of its own."""
    yield from ground_of_its_own()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, ground: Ground) -> Clone:
    """Give a clone that stays as it is: for commands that change nothing."""
    return Clone(tmp_path_factory.mktemp("fresh") / "clone", dict(ground.variables))


@pytest.fixture
def clone(tmp_path: Path, ground: Ground) -> Clone:
    """Give a fresh clone."""
    return Clone(tmp_path / "clone", dict(ground.variables))
