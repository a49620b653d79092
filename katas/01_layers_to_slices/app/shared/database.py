"""The way to Postgres: one engine a process, one transaction a request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    return create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))


async def begin(request: Request) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction, which is committed where the endpoint returns and undone where it raises."""
    engine: AsyncEngine = request.app.state.engine
    async with engine.begin() as transaction:
        yield transaction


# The scope ends the transaction before the answer is sent, not after.
Transaction = Annotated[AsyncConnection, Depends(begin, scope="function")]
