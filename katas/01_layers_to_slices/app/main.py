"""The service: its parts put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.controllers import books, customers, orders
from app.shared import errors
from app.shared.database import make_engine
from app.shared.settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the engine for as long as the service runs."""
    app.state.engine = make_engine(Settings.from_environment().database_url)
    try:
        yield
    finally:
        await app.state.engine.dispose()


def create_app() -> FastAPI:
    """Build the service; the database is not touched before the first request."""
    app = FastAPI(title="Lantern Books: the shop", lifespan=lifespan)
    errors.install(app)
    for part in (customers, books, orders):
        app.include_router(part.router)
    return app
