"""The way to Postgres: one pool of asyncpg's connections a process; each statement is a transaction of its own."""

from typing import Annotated

import asyncpg
from fastapi import Depends, Request


async def make_pool(database_url: str) -> asyncpg.Pool:
    """Make a pool that connects when it is first asked to."""
    return await asyncpg.create_pool(database_url, min_size=0)


async def get_pool(request: Request) -> asyncpg.Pool:
    """Give the pool of this process."""
    pool: asyncpg.Pool = request.app.state.pool
    return pool


Database = Annotated[asyncpg.Pool, Depends(get_pool)]
