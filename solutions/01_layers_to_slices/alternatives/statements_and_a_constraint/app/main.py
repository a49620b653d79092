"""The service: its slices put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules

from fastapi import FastAPI

from app import features
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
    for slice_ in iter_modules(features.__path__):
        app.include_router(import_module(f"{features.__name__}.{slice_.name}").router)
    return app
