"""Clones of learners, with servers of their own that are stopped in the end."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.services import stop
from grader.tests.cli.clone import Clone
from grader.tests.grade.project import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Give a folder with servers of its own; as root the servers' user must reach it."""
    with tempfile.TemporaryDirectory(prefix="katas-ground-") as folder:
        ground = Ground(Path(folder))
        yield ground
        asyncio.run(stop(ground.home))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, ground: Ground) -> Clone:
    """Give a clone that stays as it is: for commands that change nothing."""
    return Clone(tmp_path_factory.mktemp("fresh") / "clone", dict(ground.variables))


@pytest.fixture
def clone(tmp_path: Path, ground: Ground) -> Clone:
    """Give a fresh clone."""
    return Clone(tmp_path / "clone", dict(ground.variables))
