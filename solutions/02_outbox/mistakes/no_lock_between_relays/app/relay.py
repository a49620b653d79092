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


TAKE = text("""
    SELECT id, event_id, type, order_id, payload FROM outbox
    ORDER BY refusals, id LIMIT :batch
""")
REMOVE = text("DELETE FROM outbox WHERE id = ANY(:ids)")
PUT_BEHIND = text("UPDATE outbox SET refusals = refusals + 1 WHERE id = ANY(:ids)")


async def publish_batch(engine: AsyncEngine, stream: Redis, batch: int) -> int:
    """Publish at most `batch` events that are due, and return how many were published."""
    published: list[int] = []
    refused: list[int] = []
    async with engine.begin() as connection:
        for row in (await connection.execute(TAKE, {"batch": batch})).all():
            event = Event(row.event_id, row.type, row.order_id, row.payload)
            try:
                await stream.xadd(STREAM, event.fields())
            except ResponseError as error:
                log.warning("event %s was refused: %s", row.event_id, error)
                refused.append(row.id)
            except RedisError as error:
                log.warning("Redis cannot be reached: %s", error)
                break
            else:
                published.append(row.id)
        # After XADD, never before: a crash in between publishes again, the other way round it would lose.
        if published:
            await connection.execute(REMOVE, {"ids": published})
        if refused:
            await connection.execute(PUT_BEHIND, {"ids": refused})
    return len(published)


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
