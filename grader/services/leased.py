"""The one `Pair` that all kinds hand out; they differ in where its servers come from and where they go back to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from grader.services.redis import Redis, RedisError

if TYPE_CHECKING:
    from grader.services.databases import Databases
    from grader.services.values import Address, Database


CLOSE_SECONDS = 30.0


class Release(Protocol):
    """How a pair goes back; `clean` says that nothing was left on it."""

    async def __call__(self, *, clean: bool) -> None:
        """Give it back."""


class LeasedPair:
    """One Postgres and, where asked for, one Redis, until `close`; see `grader.services.values.Pair`."""

    def __init__(
        self,
        kind: str,
        databases: Databases,
        redis: tuple[Address, Redis] | None,
        versions: dict[str, str],
        release: Release,
    ) -> None:
        self.kind = kind
        self.postgres = databases.address
        self.redis = redis[0] if redis is not None else None
        self.versions = versions
        self._databases = databases
        self._redis = redis[1] if redis is not None else None
        self._release = release
        self._closed = False

    @classmethod
    async def join(cls, kind: str, databases: Databases, redis: Address | None, release: Release) -> LeasedPair:
        """Log in to the Redis as well; raises OSError, with the databases disconnected, where that fails."""
        administered = None
        versions = {"postgres": databases.version}
        try:
            if redis is not None:
                administered = (redis, await Redis.connect(redis))
                versions["redis"] = await administered[1].version()
        except BaseException as error:
            await databases.disconnect()
            if administered is not None:
                await administered[1].close()
            if isinstance(error, RedisError):
                message = f"Redis at {redis.host}:{redis.port}: {error}" if redis is not None else str(error)
                raise ConnectionError(message) from error
            raise
        return cls(kind, databases, administered, versions, release)

    async def database(self, schema: str = "") -> Database:
        """Make a database of its own role, and run `schema` in it as that role; raises SchemaError."""
        return await self._databases.create(schema)

    async def drop(self, database: Database) -> None:
        """End the database's sessions and remove it with all that its role owned."""
        await self._databases.drop(database)

    async def has_its_password(self, database: Database) -> bool:
        """Whether the database's role still has the password that it was made with."""
        return await self._databases.has_its_password(database)

    async def sessions(self, database: Database) -> int:
        """Count the sessions that are connected to the database now."""
        return await self._databases.sessions(database)

    async def flush_redis(self) -> None:
        """Remove every key, script and function from the Redis, if there is one."""
        if self._redis is not None:
            await self._redis.clear()

    async def ask_redis(self, *words: str) -> Any:  # noqa: ANN401 -- any reply
        """Send the Redis one command, and return its answer; raises RedisError."""
        if self._redis is None:
            message = "this pair has no Redis"
            raise RedisError(message)
        return await self._redis.ask(*words)

    async def close(self) -> None:
        """Drop what this run made and give the pair back; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        clean = False
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(self._databases.close(), self.flush_redis())
            clean = True
        except (OSError, RedisError, psycopg.Error):
            # The servers are gone or do not let us in: whoever owns them sees to them.
            pass
        finally:
            if self._redis is not None:
                await self._redis.close()
            await self._databases.disconnect()
            await self._release(clean=clean)
