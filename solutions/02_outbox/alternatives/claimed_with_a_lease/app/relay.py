"""The relay, `python -m app.relay`: takes events from the outbox to the stream."""

import asyncio
import logging
from datetime import timedelta
from uuid import uuid4

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


# Taken for a while and committed, so that no row is locked while Redis is asked. A relay that dies leaves its rows to
# whoever comes after the lease.
CLAIM = text("""
    UPDATE outbox SET claim = :claim, claimed_until = clock_timestamp() + :lease WHERE id IN (
        SELECT id FROM outbox WHERE claimed_until IS NULL OR claimed_until < clock_timestamp()
        ORDER BY refusals, id LIMIT :batch
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, event_id, type, order_id, payload
""")
REMOVE = text("DELETE FROM outbox WHERE id = ANY(:ids) AND claim = :claim")
# The claim is compared: a relay that was late must not let go of what another has taken since.
LET_GO = text("""
    UPDATE outbox SET claimed_until = NULL, refusals = refusals + CAST(id = ANY(:refused) AS integer)
    WHERE id = ANY(:ids) AND claim = :claim
""")


async def publish_batch(engine: AsyncEngine, stream: Redis, batch: int, lease: timedelta) -> int:
    """Publish at most `batch` events that nobody has a lease on, and return how many were published."""
    claim = uuid4()
    async with engine.begin() as connection:
        rows = (await connection.execute(CLAIM, {"batch": batch, "claim": claim, "lease": lease})).all()
    if not rows:
        return 0
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
        else:
            left.discard(row.id)
    published = [row.id for row in rows if row.id not in left]
    async with engine.begin() as connection:
        await connection.execute(REMOVE, {"ids": published, "claim": claim})
        if left:
            await connection.execute(LET_GO, {"ids": list(left), "refused": refused, "claim": claim})
    return len(published)


async def run() -> None:
    """Publish what is due, pause when that is all, until told to stop."""
    settings = Settings.from_environment()
    stop, lease = Stop(), timedelta(seconds=settings.recovery)
    engine, stream = make_engine(settings.database_url), make_redis(settings.redis_url)
    try:
        while not stop.asked:
            published = 0
            try:
                published = await publish_batch(engine, stream, settings.relay_batch, lease)
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
