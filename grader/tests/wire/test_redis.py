"""redis-py works through the proxy as it does without it, and what it did is recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import redis
import redis.asyncio

from grader.tests.wire.tap import scripted
from grader.wire import Category, Recorder, RedisProxy, Upstream
from grader.wire.redis.conversation import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=[2, 3])
async def client(redis_proxy: RedisProxy, request: pytest.FixtureRequest) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of each version of the protocol."""
    async with redis.asyncio.Redis.from_url(redis_proxy.url, protocol=request.param) as client:
        yield client
        await client.flushdb()


async def test_commands_are_recorded(client: redis.asyncio.Redis, recorder: Recorder) -> None:
    """Commands are recorded."""
    await client.set("a", "1")
    assert await client.get("a") == b"1"
    assert await client.get("nothing") is None
    assert await client.rpush("l", "x", "y") == 2
    assert await client.lrange("l", 0, -1) == [b"x", b"y"]
    found = [(s.text, s.parameters, s.rows) for s in recorder.counted]
    assert found == [
        ("SET a", ("1",), 1),
        ("GET a", (), 1),
        ("GET nothing", (), 0),
        ("RPUSH l", ("x", "y"), 1),
        ("LRANGE l", ("0", "-1"), 2),
    ]
    assert recorder.round_trips == 5
    assert recorder.setup_round_trips > 0


async def test_a_transaction_is_one_round_trip(client: redis.asyncio.Redis, recorder: Recorder) -> None:
    """A transaction is one round trip."""
    await client.ping()
    with recorder.recording() as window:
        async with client.pipeline(transaction=True) as pipe:
            pipe.set("n", 1)
            pipe.incr("n")
            assert await pipe.execute() == [True, 2]
    assert [s.text for s in window.statements] == ["MULTI", "SET n", "INCRBY n", "EXEC"]
    assert [s.category for s in window.statements if s.category != "statement"] == [Category.BEGIN, Category.COMMIT]
    assert window.round_trips == 1


async def test_a_pipeline_is_one_round_trip(client: redis.asyncio.Redis, recorder: Recorder) -> None:
    """A pipeline is one round trip."""
    await client.ping()
    with recorder.recording() as window:
        async with client.pipeline(transaction=False) as pipe:
            for number in range(100):
                pipe.set(f"k{number}", number)
            await pipe.execute()
    assert len(window.counted) == 100
    assert window.round_trips == 1


async def test_publish_and_subscribe(client: redis.asyncio.Redis, redis_proxy: RedisProxy, recorder: Recorder) -> None:
    """Publish and subscribe."""
    async with client.pubsub() as listener:
        await listener.subscribe("news", "weather")
        await listener.psubscribe("n*")
        kinds = [(await listener.get_message(timeout=5))["type"] for _ in range(3)]
        assert kinds == ["subscribe", "subscribe", "psubscribe"]
        await client.publish("news", "hello")
        assert {(await listener.get_message(timeout=5))["type"] for _ in range(2)} == {"message", "pmessage"}
        await listener.unsubscribe()
        await listener.punsubscribe()
        assert len([await listener.get_message(timeout=5) for _ in range(3)]) == 3
        await redis_proxy.idle()
    assert [s.text for s in recorder.counted if s.category is Category.LISTEN][:2] == [
        "SUBSCRIBE news",
        "PSUBSCRIBE n*",
    ]
    assert [s.done for s in recorder.statements] == [True] * len(recorder.statements)


async def test_a_blocking_command_is_in_flight_until_it_is_answered(
    client: redis.asyncio.Redis, redis_proxy: RedisProxy
) -> None:
    """A blocking command is in flight until it is answered."""
    waiting = asyncio.ensure_future(client.blpop("queue", timeout=10))
    while redis_proxy.is_idle:
        await client.ping()
    idle = asyncio.create_task(redis_proxy.idle())
    await client.rpush("queue", "job")
    assert list(await waiting or ()) == [b"queue", b"job"]
    await idle


async def test_an_error_is_recorded(client: redis.asyncio.Redis, recorder: Recorder) -> None:
    """An error is recorded."""
    await client.set("s", "text")
    with pytest.raises(redis.ResponseError):
        await client.lpush("s", 1)
    statement = recorder.counted[-1]
    assert (statement.error, statement.rows) == ("WRONGTYPE", 0)
    assert "wrong kind of value" in statement.error_message


async def test_what_administers_the_server_is_refused(
    client: redis.asyncio.Redis, redis_upstream: Upstream, recorder: Recorder
) -> None:
    """What administers the server is refused."""
    for words in (
        ("CONFIG", "GET", "requirepass"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("MONITOR",),
        ("DEBUG", "SLEEP", "0"),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            await client.execute_command(*words)  # type: ignore[no-untyped-call]
    async with client.pipeline(transaction=False) as pipe:
        pipe.set("a", 1)
        pipe.config_get("*")
        pipe.get("a")
        first, second, third = await pipe.execute(raise_on_error=False)
    assert (first, third) == (True, b"1")
    assert isinstance(second, redis.exceptions.NoPermissionError)
    assert all(redis_upstream.password not in repr(statement) for statement in recorder.statements)


@pytest.mark.parametrize("protocol", [2, 3])
async def test_a_client_without_the_secret_is_refused(redis_proxy: RedisProxy, protocol: int) -> None:
    """A client without the secret is refused."""
    wrong = redis_proxy.url.replace(redis_proxy.secret, "wrong")
    async with redis.asyncio.Redis.from_url(wrong, protocol=protocol, retry=None) as client:
        with pytest.raises(redis.AuthenticationError):
            await client.get("a")


async def talk(proxy: RedisProxy, *lines: bytes) -> bytes:
    """Send lines, and return everything that is answered up to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"".join(line.replace(b"SECRET", proxy.secret.encode()) + b"\r\n" for line in lines))
    answer = await reader.read()
    writer.close()
    return answer


async def test_every_door_is_shut_without_the_secret(redis_proxy: RedisProxy, recorder: Recorder) -> None:
    """Every door is shut without the secret."""
    answer = await talk(redis_proxy, b"GET a", b"HELLO 3", b"AUTH a b c", b"AUTH ada SECRET", b"CONFIG GET x", b"QUIT")
    assert [line.split()[0] for line in answer.split(b"\r\n")[:-1]] == [
        b"-NOAUTH",
        b"-NOAUTH",
        b"-ERR",
        b"-WRONGPASS",
        b"-NOAUTH",
        b"+OK",
    ]
    assert redis_proxy.secret not in repr(recorder.statements)


async def test_reset_makes_a_stranger_of_a_client(redis_proxy: RedisProxy) -> None:
    """Reset makes a stranger of a client."""
    answer = await talk(redis_proxy, b"AUTH SECRET", b"SET r 1", b"RESET", b"GET r", b"AUTH SECRET", b"GET r", b"QUIT")
    lines = answer.split(b"\r\n")
    assert lines[:3] == [b"+OK", b"+OK", b"+RESET"]
    assert lines[3].startswith(b"-NOAUTH")
    assert lines[4:] == [b"+OK", b"$1", b"1", b"+OK", b""]


async def test_replies_that_are_turned_off_are_not_waited_for(redis_proxy: RedisProxy) -> None:
    """Replies that are turned off are not waited for."""
    answer = await talk(
        redis_proxy, b"AUTH SECRET", b"CLIENT REPLY SKIP", b"SET r 1", b"CLIENT REPLY OFF", b"GET r",
        b"CLIENT REPLY ON", b"GET r", b"QUIT",
    )  # fmt: skip
    assert answer == b"+OK\r\n+OK\r\n$1\r\n1\r\n+OK\r\n"


async def test_a_server_that_is_not_there_or_will_not_have_the_proxy(recorder: Recorder) -> None:
    """A server that is not there or will not have the proxy."""
    async with RedisProxy(Upstream("127.0.0.1", 1, "default", "x"), replica="A", recorder=recorder) as proxy:
        assert b"cannot be reached" in await talk(proxy, b"AUTH SECRET")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"the real one\r\n")
        writer.write(b"-WRONGPASS no\r\n")
        await reader.read()

    async with scripted(refuse) as upstream, RedisProxy(upstream, replica="A", recorder=recorder) as proxy:
        assert b"the proxy cannot log in: WRONGPASS no" in await talk(proxy, b"AUTH SECRET")


async def test_latency_is_added_to_a_round_trip(client: redis.asyncio.Redis, redis_proxy: RedisProxy) -> None:
    """Latency is added to a round trip."""
    await client.ping()
    redis_proxy.latency = 0.05
    loop = asyncio.get_running_loop()
    began = loop.time()
    await client.ping()
    assert loop.time() - began >= 0.05
    redis_proxy.latency = 0


async def test_a_client_that_waits_in_redis_is_parked(redis_proxy: RedisProxy, client: redis.asyncio.Redis) -> None:
    """A client that blocks is parked and not idle, until what it waits for has come."""
    await client.ping()
    assert redis_proxy.is_parked
    waiting = asyncio.ensure_future(client.blpop(["queue"], timeout=5))
    async with redis.asyncio.Redis.from_url(redis_proxy.url) as other:
        while not await other.info("clients") or (await other.info("clients"))["blocked_clients"] == 0:
            pass
        assert not redis_proxy.is_idle
        assert redis_proxy.is_parked
        assert not redis_proxy.is_moving
        await other.rpush("queue", "a")
        assert list(await waiting or ()) == [b"queue", b"a"]
    await redis_proxy.idle()


@pytest.mark.parametrize(
    ("words", "seconds", "comes"),
    [
        (("XREAD", "BLOCK", "1", "STREAMS", "s", "$"), 0.001, ("XADD", "s", "*", "k", "v")),
        (("XREADGROUP", "GROUP", "g", "c", "BLOCK", "1", "STREAMS", "s", ">"), 0.001, ("XADD", "s", "*", "k", "v")),
        (("BLPOP", "a", "b", "0.001"), 0.001, ("RPUSH", "b", "x")),
        (("BLMPOP", "0.001", "1", "a", "LEFT"), 0.001, ("RPUSH", "a", "x")),
    ],
)
async def test_where_time_is_held_who_blocks_for_a_while_waits_on(
    redis_proxy: RedisProxy, recorder: Recorder, words: tuple[str, ...], seconds: float, comes: tuple[str, ...]
) -> None:
    """It waits for as long as nothing comes, and is recorded as it was sent."""
    redis_proxy.holds_time = True
    async with redis.asyncio.Redis.from_url(redis_proxy.url) as client:
        await client.flushdb()
        await client.xgroup_create("s", "g", mkstream=True)
        waiting = asyncio.create_task(client.execute_command(*words))  # type: ignore[no-untyped-call]  # redis-py
        async with redis.asyncio.Redis.from_url(redis_proxy.url) as other:
            while not redis_proxy.blocked:
                await other.ping()
            [blocked] = redis_proxy.blocked
            assert blocked.seconds == seconds
            assert redis_proxy.is_parked
            await other.execute_command(*comes)  # type: ignore[no-untyped-call]  # redis-py
        assert await waiting
        assert redis_proxy.blocked == []
        assert (" ".join(words[:2]), words[2:]) in [(s.text, s.parameters) for s in recorder.counted]
        await client.flushdb()


async def test_who_blocks_without_end_is_not_cut_short(redis_proxy: RedisProxy) -> None:
    """A command that has no while of its own is none of those that time out."""
    redis_proxy.holds_time = True
    async with redis.asyncio.Redis.from_url(redis_proxy.url) as client, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(client.execute_command("BLPOP", "a", "0"))  # type: ignore[no-untyped-call]  # redis-py
        async with redis.asyncio.Redis.from_url(redis_proxy.url) as other:
            while redis_proxy.is_idle or not redis_proxy.is_parked:
                await other.ping()
            assert redis_proxy.blocked == []
            await other.rpush("a", "x")
        assert await waiting == (b"a", b"x")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (None, None),
        (b"", ""),
        ("OK", "OK"),
        (7, "7"),
        ([b"0-0", [], [None, b"caf\xc3\xa9"]], "[0-0, [], [nil, café]]"),
        ({b"orders": [b"1-1"]}, "{orders: [1-1]}"),
        ([b"x" * 300, b"y" * 300], f"[{'x' * 300}, {'y' * 97}"),
    ],
)
def test_a_reply_as_text(reply: object, text: str | None) -> None:
    """A reply is kept as a text that shows what it holds, and not more of it than a line's worth."""
    assert shown(reply) == text
