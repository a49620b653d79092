"""The way to Redis, where the stream of events is."""

from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def make_redis(redis_url: str) -> Redis:
    """Make a client that waits 1 s for Redis and sends no command twice."""
    return Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 0),
    )


async def get_redis(request: Request) -> Redis:
    """Give the client that the service holds."""
    redis: Redis = request.app.state.redis
    return redis


Stream = Annotated[Redis, Depends(get_redis)]
