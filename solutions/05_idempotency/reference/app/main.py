"""The service: its parts put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.features import payments
from app.shared import errors
from app.shared.database import make_engine
from app.shared.gateway import make_gateway
from app.shared.redis import make_redis
from app.shared.settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the ways to Postgres, Redis and the gateway for as long as the service runs."""
    settings = Settings.from_environment()
    app.state.settings = settings
    app.state.engine = make_engine(settings.database_url)
    app.state.redis = make_redis(settings.redis_url)
    app.state.gateway = make_gateway(settings.gateway_url)
    try:
        yield
    finally:
        await app.state.gateway.aclose()
        await app.state.redis.aclose()
        await app.state.engine.dispose()


def create_app() -> FastAPI:
    """Build the service; nothing outside it is touched before the first request."""
    app = FastAPI(title="Lantern Books: payments", lifespan=lifespan)
    errors.install(app)
    app.include_router(payments.router)
    return app
