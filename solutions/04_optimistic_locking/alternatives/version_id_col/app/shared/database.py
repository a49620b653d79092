"""The way to Postgres: one engine a process, one transaction a request, begun again where another was faster."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.exc import StaleDataError

T = TypeVar("T")


class Table(DeclarativeBase):
    """A table that schema.sql defines, as the code reads and writes it."""


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    return create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))


async def begin(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a session in a transaction of its own."""
    async with AsyncSession(request.app.state.engine) as session, session.begin():
        yield session


# The scope ends the transaction before the answer is sent, not after.
Transaction = Annotated[AsyncSession, Depends(begin, scope="function")]


class Change:
    """Makes changes, each in a transaction of its own that begins again where somebody else was faster."""

    def __init__(self, request: Request) -> None:
        self._engine: AsyncEngine = request.app.state.engine

    async def __call__(self, make: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Return what `make` returns once it is committed; it reads and compares anew each time it is called."""
        while True:
            try:
                # What a flush wrote stays as it was written: expired, it would be read again, with what others wrote.
                async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                    return await make(session)
            except StaleDataError:
                continue  # whoever made it stale has been saved, so each round is somebody's last


Changes = Annotated[Change, Depends()]
