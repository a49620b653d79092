"""A lock in Redis: it saves work, and may be lost at any time."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# Deletes the lock only where it is still one's own: it may have run out, and belong to somebody else by now.
UNLOCK = """
    if redis.call("GET", KEYS[1]) == ARGV[1] then
        return redis.call("DEL", KEYS[1])
    end
    return 0
"""


@asynccontextmanager
async def lock(redis: Redis, name: str, seconds: int) -> AsyncIterator[bool]:
    """Hold a lock for the block, for at most so many seconds; False where somebody else has it.

    Without Redis everybody has it.
    """
    token = str(uuid4())
    try:
        locked = bool(await redis.set(name, token, nx=True, px=seconds * 1000))
    except RedisError:
        log.warning("There is no Redis; going on without a lock.", exc_info=True)
        locked = True
    try:
        yield locked
    finally:
        if locked:
            await _unlock(redis, name, token)


async def _unlock(redis: Redis, name: str, token: str) -> None:
    try:
        await redis.eval(UNLOCK, 1, name, token)
    except RedisError:
        log.warning("A lock could not be freed; it runs out by itself.", exc_info=True)
