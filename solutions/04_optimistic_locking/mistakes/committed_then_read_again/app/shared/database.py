"""The way to Postgres: one engine a process, one connection a request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    return create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))


async def connect(request: Request) -> AsyncIterator[AsyncConnection]:
    """Give a connection; the endpoint commits what is to stay."""
    engine: AsyncEngine = request.app.state.engine
    async with engine.connect() as connection:
        yield connection


# The scope lets the connection go before the answer is sent, not after.
Transaction = Annotated[AsyncConnection, Depends(connect, scope="function")]
