"""The web service: its parts put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.features import orders
from app.shared import errors
from app.shared.database import make_engine
from app.shared.redis import make_redis
from app.shared.settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the ways to Postgres and Redis for as long as the service runs."""
    settings = Settings.from_environment()
    app.state.engine = make_engine(settings.database_url)
    app.state.redis = make_redis(settings.redis_url)
    try:
        yield
    finally:
        await app.state.redis.aclose()
        await app.state.engine.dispose()


def create_app() -> FastAPI:
    """Build the service; nothing outside it is touched before the first request."""
    app = FastAPI(title="Lantern Books: orders", lifespan=lifespan)
    errors.install(app)
    app.include_router(orders.router)
    return app
