"""Servers that somebody else runs, by their URLs. Of what they hold, only what bears the grader's prefix is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from grader.services import base
from grader.services.databases import Databases
from grader.services.leased import LeasedPair
from grader.services.redis import Redis, RedisError
from grader.services.values import Address, ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from grader.services.values import Pair, Settings

# Any number will do, as long as every version of the grader uses the same.
LOCK = 0x6B61746173
POSTGRES_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "valkey")


async def open_external(settings: Settings, *, redis: bool, tell: Callable[[str], None]) -> Pair:
    """Take the servers for this run, which no other run may use meanwhile; raises ServicesUnavailableError."""
    del tell  # nothing here is slow
    postgres, entrance = _address(settings.postgres_url, "PostgreSQL", POSTGRES_SCHEMES, port=5432, user="postgres")
    cache = _address(settings.redis_url, "Redis", REDIS_SCHEMES, port=6379, user="")[0] if redis else None
    taking = _Taking(postgres, cache)
    try:
        databases = await Databases.open(
            postgres, schema_seconds=settings.schema_seconds, admission=taking, entrance=entrance or "postgres"
        )
        pair = await LeasedPair.join("external", databases, cache, _keep)
    except OSError as error:
        message = f"An external server cannot be used: {error}"
        raise ServicesUnavailableError(message) from error
    try:
        # Before the first key is written, so that the keys of a run that is killed are known as the grader's.
        await databases.note(taking.mark)
        await pair.flush_redis()
    except BaseException:
        await pair.close()
        raise
    return pair


class _Taking:
    """Sees that two servers are free for the grader; `mark` is what tells this Redis (until it restarts) from others.

    The grader empties the Redis. One that holds keys is refused, unless a killed run of the grader left them.
    """

    def __init__(self, postgres: Address, redis: Address | None) -> None:
        self.mark = "no redis"
        self._postgres = postgres
        self._redis = redis

    async def __call__(self, connection: psycopg.AsyncConnection) -> None:
        await self._lock(connection)
        if self._redis is None:
            return
        try:
            server = await Redis.connect(self._redis)
            try:
                self.mark = f"redis {(await server.facts('server')).get('run_id', 'unknown')}"
                keyspace = await server.facts("keyspace")
            finally:
                await server.close()
        except RedisError as error:
            message = f"Redis at {self._redis.host}:{self._redis.port}: {error}"
            raise ConnectionError(message) from error
        if keyspace and await _noted(connection) != self.mark:
            message = (
                f"The Redis at {self._redis.host}:{self._redis.port} holds keys ({', '.join(sorted(keyspace))}), and "
                "the grader would remove them all. Name an empty Redis that nobody else uses, or empty it yourself: "
                "redis-cli FLUSHALL"
            )
            raise ServicesUnavailableError(message)

    async def _lock(self, connection: psycopg.AsyncConnection) -> None:
        # Held by the session, so it ends with this process, however that ends.
        cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = await cursor.fetchone()
        if row is not None and row[0]:
            return
        cursor = await connection.execute(
            "SELECT coalesce(host(a.client_addr), 'this machine'), date_trunc('second', a.backend_start)::text "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s",
            [LOCK >> 32, LOCK & 0xFFFFFFFF],
        )
        holder = await cursor.fetchone()
        who = f", from {holder[0]} since {holder[1]}" if holder is not None else ""
        message = (
            f"Another run is using the PostgreSQL at {self._postgres.host}:{self._postgres.port}{who}. "
            "Wait until it has ended, or name another server."
        )
        raise ServicesUnavailableError(message)


async def _noted(connection: psycopg.AsyncConnection) -> str | None:
    """Read what the last run noted on the base database; a run that ends as it should leaves none."""
    cursor = await connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [base.BASE]
    )
    row = await cursor.fetchone()
    return row[0] if row is not None else None


async def _keep(*, clean: bool) -> None:
    """Leave the servers as they are: they are not ours to stop."""


def _address(url: str | None, what: str, schemes: tuple[str, ...], *, port: int, user: str) -> tuple[Address, str]:
    form = f"{schemes[0]}://{user}{':' if user else ''}{'secret@' if user else ''}localhost:{port}"
    if not url:
        message = f"External services were chosen, but the URL of {what} is missing. Give one of the form {form}"
        raise ServicesUnavailableError(message)
    try:
        parts = urlsplit(url)
        host, given_port = parts.hostname, parts.port
    except ValueError as error:
        message = f"The URL of {what} cannot be read ({error}). Give one of the form {form}"
        raise ServicesUnavailableError(message) from error
    # SQLAlchemy's form names a driver, as in postgresql+psycopg://
    if parts.scheme.split("+", maxsplit=1)[0] not in schemes or not host:
        message = f"The URL of {what} must have the form {form}, got the scheme {parts.scheme!r} and the host {host!r}"
        raise ServicesUnavailableError(message)
    address = Address(host, given_port or port, unquote(parts.username or user), unquote(parts.password or ""))
    return address, unquote(parts.path.lstrip("/"))
