"""The packer, `python -m app.packer`: writes a packing slip for each order that the stream tells of."""

import asyncio
import json
import logging
from typing import Any
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

log = logging.getLogger("packer")

GROUP = "packers"
CONSUMER = f"packer-{uuid4()}"

# The constraint decides, not a look beforehand: two packers may have the same event in hand.
ADD_SLIP = text("""
    INSERT INTO packing_slips (order_id, lines) VALUES (:order_id, CAST(:lines AS jsonb))
    ON CONFLICT (order_id) DO NOTHING
""")

Entry = tuple[str, dict[str, str]]


async def pack(engine: AsyncEngine, event: Event) -> None:
    """Write the order's packing slip, unless there is one."""
    async with engine.begin() as connection:
        lines = json.dumps(event.payload["lines"])
        await connection.execute(ADD_SLIP, {"order_id": event.order_id, "lines": lines})


async def claim(stream: Redis, batch: int, idle: float) -> list[Entry]:
    """Return at most `batch` entries that were given to a packer at least `idle` seconds ago and never acknowledged."""
    answer: Any = await stream.xautoclaim(STREAM, GROUP, CONSUMER, int(idle * 1000), count=batch)
    return [(entry, fields) for entry, fields in answer[1] if fields]


async def read(stream: Redis, batch: int, wait: float) -> list[Entry]:
    """Return at most `batch` entries that no packer has been given, after a while none where none has come."""
    answer: Any = await stream.xreadgroup(GROUP, CONSUMER, {STREAM: ">"}, count=batch, block=int(wait * 1000))
    streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or []]
    return [(entry, fields) for entries in streams for entry, fields in entries]


async def pack_batch(engine: AsyncEngine, stream: Redis, batch: int, idle: float, wait: float) -> int:
    """Take at most `batch` entries, left ones first, pack them, acknowledge each, and return how many there were."""
    entries = await claim(stream, batch, idle) or await read(stream, batch, wait)
    for entry, fields in entries:
        await pack(engine, Event.from_fields(fields))
        await stream.xack(STREAM, GROUP, entry)
    return len(entries)


async def make_group(stream: Redis) -> None:
    """Make the group, to read the stream from its beginning, unless it is there."""
    try:
        await stream.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


async def run() -> None:
    """Pack what has come, pause when that is all, until told to stop."""
    settings = Settings.from_environment()
    stop = Stop()
    engine, stream = make_engine(settings.database_url), make_redis(settings.redis_url)
    try:
        while not stop.asked:
            try:
                await pack_batch(engine, stream, settings.packer_batch, settings.recovery, settings.packer_poll)
            except ResponseError as error:
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
                await make_group(stream)
            except (RedisError, SQLAlchemyError, OSError) as error:
                log.warning("the round failed: %s", error)
                await stop.pause(settings.packer_poll)
    finally:
        await stream.aclose()
        await engine.dispose()


if __name__ == "__main__":
    log_to_stderr()
    asyncio.run(run())
