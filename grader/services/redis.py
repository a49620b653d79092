"""As much of the Redis protocol as an administrator of throw-away data needs, without a client library's imports."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.services.values import Address

# The user whom submissions' proxies log in as: every data command, nothing that would outlive FLUSHALL
# (CONFIG SET, ACL, SHUTDOWN, REPLICAOF, MODULE, DEBUG are all in @admin). CLIENT UNBLOCK is how a wait times out.
RIGHTS = "~* &* +@all -@admin +config|get +client|unblock"
ANSWER_SECONDS = 20.0


class RedisError(Exception):
    """The server answered with an error."""


class Redis:
    """One authenticated connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def connect(cls, address: Address) -> Redis:
        """Connect and authenticate; raises OSError or RedisError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            redis = cls(*await asyncio.open_connection(address.host, address.port))
        if address.password:
            try:
                await redis.send("AUTH", *([address.user] if address.user else []), address.password)
            except BaseException:
                await redis.close()
                raise
        return redis

    async def send(self, *words: str) -> str:
        """Send one command whose answer is a string or a number, and return that; raises RedisError."""
        return str(await self.ask(*words))

    async def ask(self, *words: str) -> Any:  # noqa: ANN401 -- any reply
        """Send one command and return its answer: a text, a list of answers, None for null; raises RedisError."""
        # Who is no longer waited for is answered all the same, and the next answer is the next one's.
        reply = await asyncio.shield(asyncio.ensure_future(self._exchange(words)))
        if isinstance(reply, RedisError):
            raise reply
        return reply

    async def _exchange(self, words: Sequence[str]) -> Any:  # noqa: ANN401 -- any reply
        encoded = [word.encode() for word in words]
        async with self._turn, asyncio.timeout(ANSWER_SECONDS):
            self._writer.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
            return await self._reply()

    async def _reply(self) -> Any:  # noqa: ANN401 -- any reply
        """Read one answer; an error among the answers of a list is one of them, not raised."""
        line = (await self._reader.readline()).decode(errors="replace")
        if not line:
            message = "the connection was closed"
            raise RedisError(message)
        kind, rest = line[0], line[1:].strip()
        if kind in "$*" and int(rest) < 0:
            return None
        if kind == "$":
            return (await self._reader.readexactly(int(rest) + 2))[:-2].decode(errors="replace")
        if kind == "*":
            return [await self._reply() for _ in range(int(rest))]
        return RedisError(rest) if kind == "-" else rest

    async def version(self) -> str:
        """Ask for the version, for example `valkey 9.1.0` or `8.2.1`."""
        facts = await self.facts("server")
        if "valkey_version" in facts:
            return f"valkey {facts['valkey_version']}"
        return facts.get("redis_version", "unknown")

    async def facts(self, section: str) -> dict[str, str]:
        """Ask for one section of INFO."""
        lines = (await self.send("INFO", section)).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    async def clear(self) -> None:
        """Remove every key, script and function."""
        await self.send("FLUSHALL")
        await self.send("SCRIPT", "FLUSH")
        with suppress(RedisError):
            # Functions are new in Redis 7; a server without them has none to remove.
            await self.send("FUNCTION", "FLUSH")

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
