"""What services are put on the bench with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from grader.replica import Host
from grader.services import Settings, open_pair
from grader.tests.services.conftest import temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.services import Pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair() -> AsyncIterator[Pair]:
    """A Postgres of the tests' own."""
    async with temporary_home() as home:
        pair = await open_pair(Settings("embedded", home=home), redis=False, tell=print)
        yield pair
        await pair.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[Host]:
    """Where replicas come from."""
    host = Host()
    host.begin()
    yield host
    await host.close()
