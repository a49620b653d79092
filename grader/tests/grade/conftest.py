"""Where runs are made of which nothing may be left."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.services import stop
from grader.tests.grade.project import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Give a folder with servers of its own, stopped in the end; as root the servers' user must reach it."""
    with tempfile.TemporaryDirectory(prefix="katas-ground-") as folder:
        ground = Ground(Path(folder))
        yield ground
        asyncio.run(stop(ground.home))
