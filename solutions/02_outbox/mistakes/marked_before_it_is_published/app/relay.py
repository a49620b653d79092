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


# Marked and committed at once, so that no row is locked while Redis is asked.
MARK = text("""
    UPDATE outbox SET published_at = now() WHERE id IN (
        SELECT id FROM outbox WHERE published_at IS NULL
        ORDER BY refusals, id LIMIT :batch
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, event_id, type, order_id, payload
""")
TAKE_BACK = text("""
    UPDATE outbox SET published_at = NULL, refusals = refusals + CAST(:refusal AS integer) WHERE id = ANY(:ids)
""")


async def publish_batch(engine: AsyncEngine, stream: Redis, batch: int) -> int:
    """Publish at most `batch` events that are not marked, and return how many were published."""
    async with engine.begin() as connection:
        rows = (await connection.execute(MARK, {"batch": batch})).all()
    left = {row.id for row in rows}
    refused: list[int] = []
    for row in sorted(rows, key=lambda row: row.id):
        try:
            await stream.xadd(STREAM, Event(row.event_id, row.type, row.order_id, row.payload).fields())
        except ResponseError as error:
            log.warning("event %s was refused: %s", row.event_id, error)
            refused.append(row.id)
        except RedisError as error:
            log.warning("Redis cannot be reached: %s", error)
            break
        left.discard(row.id)
    async with engine.begin() as connection:
        if refused:
            await connection.execute(TAKE_BACK, {"ids": refused, "refusal": 1})
        if left:
            await connection.execute(TAKE_BACK, {"ids": list(left), "refusal": 0})
    return len(rows) - len(left) - len(refused)


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
