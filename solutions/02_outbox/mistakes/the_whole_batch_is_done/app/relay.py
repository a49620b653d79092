"""The relay, `python -m app.relay`: takes events from the outbox to the stream."""

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.shared.database import make_engine
from app.shared.events import STREAM, Event
from app.shared.process import Stop, log_to_stderr
from app.shared.redis import make_redis
from app.shared.settings import Settings

log = logging.getLogger("relay")


# SKIP LOCKED: what another relay has in hand is its own; nobody waits, and nobody publishes it twice.
TAKE = text("""
    SELECT id, event_id, type, order_id, payload FROM outbox
    ORDER BY refusals, id LIMIT :batch
    FOR UPDATE SKIP LOCKED
""")
REMOVE = text("DELETE FROM outbox WHERE id = ANY(:ids)")


async def publish_batch(engine: AsyncEngine, stream: Redis, batch: int) -> int:
    """Publish at most `batch` events that are due, and return how many were published."""
    done: list[int] = []
    async with engine.begin() as connection:
        for row in (await connection.execute(TAKE, {"batch": batch})).all():
            event = Event(row.event_id, row.type, row.order_id, row.payload)
            try:
                await stream.xadd(STREAM, event.fields())
            except ResponseError as error:
                log.warning("event %s was refused: %s", row.event_id, error)
            except RedisError as error:
                log.warning("Redis cannot be reached: %s", error)
                break
            done.append(row.id)
        # After XADD, never before: a crash in between publishes again, the other way round it would lose.
        if done:
            await connection.execute(REMOVE, {"ids": done})
    return len(done)


async def run() -> None:
    """Publish what is due, pause when that is all, until told to stop."""
    settings = Settings.from_environment()
    stop = Stop()
    engine, stream = make_engine(settings.database_url), make_redis(settings.redis_url)
    try:
        while not stop.asked:
            published = 0
            try:
                published = await publish_batch(engine, stream, settings.relay_batch)
            except (RedisError, SQLAlchemyError, OSError) as error:
                log.warning("the round failed: %s", error)
            if published < settings.relay_batch:
                await stop.pause(settings.relay_poll)
    finally:
        await stream.aclose()
        await engine.dispose()


if __name__ == "__main__":
    log_to_stderr()
    asyncio.run(run())
