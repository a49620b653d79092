"""The way to Postgres: one engine a process."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def make_engine(database_url: str) -> AsyncEngine:
    """Make an engine on psycopg 3 from a plain postgresql:// address."""
    return create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))


async def get_engine(request: Request) -> AsyncEngine:
    """Give the engine that the service holds."""
    engine: AsyncEngine = request.app.state.engine
    return engine


Engine = Annotated[AsyncEngine, Depends(get_engine)]
