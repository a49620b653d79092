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


# One row for all relays: who has it locked is the one that publishes.
FIRST_POSITION = text("INSERT INTO relay_position (xid, event) VALUES ('0', 0) ON CONFLICT DO NOTHING")
FIND_POSITION = text("SELECT CAST(xid AS text) AS xid, event FROM relay_position FOR UPDATE")
# Nothing below the snapshot's xmin is open any more, so nothing can come in below a position there.
TAKE = text("""
    SELECT id, event_id, type, order_id, payload, CAST(xid AS text) AS xid, refused FROM outbox
    WHERE refused
        OR ((xid, id) > (CAST(:xid AS xid8), :event) AND xid < pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY refused, outbox.xid, id LIMIT :batch
""")
MOVE = text("UPDATE relay_position SET xid = CAST(:xid AS xid8), event = :event")
NOTE_REFUSED = text("UPDATE outbox SET refused = id = ANY(:refused) WHERE id = ANY(:taken)")


async def publish_batch(engine: AsyncEngine, stream: Redis, batch: int) -> int:
    """Publish at most `batch` events behind the position, and return how many were published."""
    taken: list[int] = []
    refused: list[int] = []
    async with engine.begin() as connection:
        await connection.execute(FIRST_POSITION)
        position = (await connection.execute(FIND_POSITION)).one()._asdict()
        for row in (await connection.execute(TAKE, {**position, "batch": batch})).all():
            event = Event(row.event_id, row.type, row.order_id, row.payload)
            try:
                await stream.xadd(STREAM, event.fields())
            except ResponseError as error:
                log.warning("event %s was refused: %s", row.event_id, error)
                refused.append(row.id)
            except RedisError as error:
                log.warning("Redis cannot be reached: %s", error)
                break
            taken.append(row.id)
            if not row.refused:
                position = {"xid": row.xid, "event": row.id}
        if taken:
            await connection.execute(NOTE_REFUSED, {"refused": refused, "taken": taken})
            await connection.execute(MOVE, position)
    return len(taken) - len(refused)


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
