"""The way to Postgres: one pool a process."""

from typing import Annotated

import asyncpg
from fastapi import Depends, Request


def make_pool(database_url: str) -> asyncpg.Pool:
    """Make a pool that connects when it is first needed; it must be closed."""
    return asyncpg.create_pool(database_url, min_size=0, max_size=15)


async def get_pool(request: Request) -> asyncpg.Pool:
    """Give the pool that the service holds."""
    pool: asyncpg.Pool = request.app.state.pool
    return pool


Pool = Annotated[asyncpg.Pool, Depends(get_pool)]
