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


async def read(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a session for one request; each of its statements sees what is committed when it begins."""
    async with AsyncSession(request.app.state.engine) as session, session.begin():
        yield session


# The scope ends the transaction before the answer is sent, not after.
Session = Annotated[AsyncSession, Depends(read, scope="function")]
