"""The relay, `python -m app.relay`: takes events from the outbox to the stream."""

import asyncio
import logging
from contextlib import suppress

import psycopg
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


class Bell:
    """Rings when an order has left an event; who does not hear it looks at the next poll."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._rung = asyncio.Event()

    async def listen(self, seconds: float) -> None:
        """Listen for ever; where the connection is lost, again after so many seconds."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
                    await connection.execute("LISTEN outbox")
                    async for _ in connection.notifies():
                        self._rung.set()
            except psycopg.Error as error:
                log.warning("the bell is silent: %s", error)
            await asyncio.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Return after so many seconds, or as soon as the bell rings."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


async def run() -> None:
    """Publish what is due, pause until there may be more, until told to stop."""
    settings = Settings.from_environment()
    stop, bell = Stop(), Bell(settings.database_url)
    listening = asyncio.create_task(bell.listen(settings.relay_poll))
    engine, stream = make_engine(settings.database_url), make_redis(settings.redis_url)
    try:
        while not stop.asked:
            published = 0
            try:
                published = await publish_batch(engine, stream, settings.relay_batch)
            except (RedisError, SQLAlchemyError, OSError) as error:
                log.warning("the round failed: %s", error)
            if published < settings.relay_batch:
                await bell.pause(settings.relay_poll)
    finally:
        listening.cancel()
        await stream.aclose()
        await engine.dispose()


if __name__ == "__main__":
    log_to_stderr()
    asyncio.run(run())
