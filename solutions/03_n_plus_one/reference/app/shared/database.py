"""The way to Postgres: one engine a process, one transaction a request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase


class Table(AsyncAttrs, DeclarativeBase):
    """A table that schema.sql defines, as the code reads it."""


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    return create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))


async def read_snapshot(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a session whose statements all see the database as its first one did, and that cannot write."""
    engine: AsyncEngine = request.app.state.engine
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with AsyncSession(snapshots) as session, session.begin():
        yield session


# The scope ends the transaction before the answer is sent, not after.
Snapshot = Annotated[AsyncSession, Depends(read_snapshot, scope="function")]
