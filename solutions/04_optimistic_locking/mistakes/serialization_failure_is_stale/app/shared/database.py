"""The way to Postgres: one engine a process, one transaction a request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from psycopg.errors import SerializationFailure
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

T = TypeVar("T")


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    address = make_url(database_url).set(drivername="postgresql+psycopg")
    return create_async_engine(address, isolation_level="REPEATABLE READ")


async def begin(request: Request) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction."""
    engine: AsyncEngine = request.app.state.engine
    async with engine.begin() as transaction:
        yield transaction


# The scope ends the transaction before the answer is sent, not after.
Transaction = Annotated[AsyncConnection, Depends(begin, scope="function")]


class WriteConflictError(Exception):
    """Somebody else has changed what this transaction would change."""


class Change:
    """Makes changes, each in a transaction of its own."""

    def __init__(self, request: Request) -> None:
        self._engine: AsyncEngine = request.app.state.engine

    async def __call__(self, make: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return what `make` returns once it is committed; WriteConflictError where somebody else was faster."""
        try:
            async with self._engine.begin() as transaction:
                return await make(transaction)
        except DBAPIError as error:
            if isinstance(error.orig, SerializationFailure):
                raise WriteConflictError from error
            raise


Changes = Annotated[Change, Depends()]
