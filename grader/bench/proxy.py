"""What the proxies add to a round trip: `python -m grader.bench.proxy`.

A client process asks `SELECT 1` (and Redis `GET`) in turn directly and through the proxy, each on one connection, so
that both see the same machine at the same moment. The proxy runs here, in a process of its own, as it does in a run.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import redis

from grader.grade import named_services
from grader.services import open_pair
from grader.wire import PostgresProxy, Recorder, RedisProxy, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3000
WARM = 200


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _compare(direct: Callable[[], object], proxied: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of each, measured in turn."""
    pairs = [(_seconds(direct), _seconds(proxied)) for _ in range(ROUNDS + WARM)][WARM:]
    return statistics.median(first for first, _ in pairs), statistics.median(second for _, second in pairs)


def client(direct: str, proxied: str, redis_direct: str, redis_proxied: str) -> dict[str, tuple[float, float]]:
    """Measure as a client; the arguments are URLs."""
    with (
        psycopg.connect(direct, autocommit=True) as one,
        psycopg.connect(proxied, autocommit=True) as other,
        redis.Redis.from_url(redis_direct) as redis_one,
        redis.Redis.from_url(redis_proxied) as redis_other,
    ):
        return {
            "postgres": _compare(lambda: one.execute("SELECT 1"), lambda: other.execute("SELECT 1")),
            "redis": _compare(lambda: redis_one.get("a"), lambda: redis_other.get("a")),
        }


async def measure() -> dict[str, tuple[float, float]]:
    """Return, for each service, the median seconds of a round trip directly and through the proxy."""
    pair = await open_pair(named_services(), redis=True, tell=print)
    try:
        database = await pair.database()
        address = pair.redis
        if address is None:
            raise RuntimeError("the pair has no Redis")
        upstream = Upstream(database.host, database.port, database.user, database.password, database.name)
        redis_upstream = Upstream(address.host, address.port, address.user, address.password)
        recorder = Recorder()
        async with (
            PostgresProxy(upstream, replica="A", recorder=recorder) as proxy,
            RedisProxy(redis_upstream, replica="A", recorder=recorder) as redis_proxy,
        ):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "grader.bench.proxy", "client"),
                f"postgresql://{database.user}:{quote(database.password)}@{database.host}:{database.port}/{database.name}",
                proxy.url,
                f"redis://{address.user}:{quote(address.password)}@{address.host}:{address.port}/0",
                redis_proxy.url,
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
        found: dict[str, tuple[float, float]] = json.loads(output)
        return found
    finally:
        await pair.close()


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["client"]:
        print(json.dumps(client(*sys.argv[2:6])))  # noqa: T201 -- to the process that started this one
        return
    for service, (direct, proxied) in asyncio.run(measure()).items():
        print(  # noqa: T201 -- a bench prints
            f"proxy, {service}: adds {(proxied - direct) * 1e3:.3f} ms to a round trip at the median"
            f" (mark 0.2; {direct * 1e3:.3f} ms directly, {proxied * 1e3:.3f} ms through it, {ROUNDS} of each)"
        )


if __name__ == "__main__":
    main()
