"""When a replica sleeps, as the grader sees it."""

from __future__ import annotations

import asyncio
import socket
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from grader.explore.rest import Motion
from grader.tests.replica.conftest import held, reins_of, until
from grader.tests.replica.test_time import fire_until_done

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from grader.replica import Replica

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; test_spawned.py does some of this with spawn."""
    return "fork"


WAITS = {
    "for an event": ("await asyncio.Event().wait()", False),
    "for a socket": ("await asyncio.get_running_loop().sock_recv(quiet, 1)", False),
    "for a lock, in a thread": ("lock.acquire()", True),
    "for a socket, in a thread": ("quiet.setblocking(True); quiet.recv(1)", True),
    "for a lock, and blocks its loop": ("lock.acquire()", False),
    "with time.sleep, and blocks its loop": ("time.sleep(60)", False),
    "for a loop of its own, in a thread": ("asyncio.run(asyncio.Event().wait())", True),
    "beside a loop in a thread": ("threading.Thread(target=turn, daemon=True).start(); await forever()", False),
}


@pytest.mark.parametrize("way", WAITS)
async def test_a_replica_that_waits_is_asleep(start: Start, client: httpx.AsyncClient, way: str) -> None:
    """A replica is awake while its handler computes, and asleep as soon as that waits."""
    wait, plain = WAITS[way]
    before = """
lock = threading.Lock(); lock.acquire()
quiet, other = socket.socketpair(); quiet.setblocking(False)
forever = asyncio.Event().wait
def turn(): asyncio.run(asyncio.sleep(60))
"""
    body = f"""
Path("computes").touch()
while not Path("go").exists(): pass
Path("waits").touch()
{wait}
"""
    replica, reins = await held(start, body, before=before, plain=plain)
    request = asyncio.create_task(client.get(replica.url))
    await until((replica.place / "computes").exists)
    for _ in range(50):
        assert not reins.asleep
        await Motion().look_round()
    (replica.place / "go").touch()
    await until(lambda: reins.asleep)
    assert (replica.place / "waits").exists()
    for _ in range(50):
        assert reins.asleep or plain or "thread" in way
        await Motion().look_round()
    assert not request.done()
    await replica.kill()
    await asyncio.wait([request])


async def test_a_replica_says_when_it_falls_asleep(start: Start, client: httpx.AsyncClient) -> None:
    """Who has asked while it was awake is told, once for all that asked."""
    body = """
Path("computes").touch()
while not Path("go").exists(): pass
Path("go").unlink()
"""
    replica, reins = await held(start, body)
    told: list[int] = []
    reins.call_when_asleep(lambda: told.append(1))
    motion = Motion()
    for _ in range(3):
        request = asyncio.create_task(client.get(replica.url))
        await until((replica.place / "computes").exists)
        (replica.place / "computes").unlink()
        await motion.look_round()  # what it had to say before, of its loop and of an earlier sleep
        told.clear()
        assert not reins.asleep
        assert not reins.asleep
        (replica.place / "go").touch()
        await request
        assert await motion.until(lambda: bool(told), 10)
        assert len(told) == 1
    reins.call_when_asleep(None)


RELAY = """
    import asyncio, os, selectors, socket, sys, threading

    def work(number):
        return sum(range(number * 50))

    async def main():
        wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
        wire.setblocking(False)
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(wire, 1):
            number = data[0]
            if "threads" in sys.argv:
                await asyncio.to_thread(work, number)
            elif number % 3 == 0:
                await asyncio.gather(*(asyncio.sleep(0) for _ in range(number)))
            elif number % 3 == 1:
                work(number)
            await loop.sock_sendall(wire, data)

    if "select" in sys.argv:
        asyncio.SelectorEventLoop(selectors.SelectSelector()).run_until_complete(main())
    else:
        asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["epoll", "threads", "select"])
async def test_all_is_done_when_a_replica_is_asleep(start: Start, kind: str) -> None:
    """A relay's answer is in the machine's hands when the relay is seen asleep, every time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {"PORT": str(server.getsockname()[1])}
        files = {"app/relay.py": RELAY}
        replica = await start(files=files, command=["-m", "app.relay", kind], environment=environment, controlled=True)
        reins = reins_of(replica)
        wire, _ = await asyncio.get_running_loop().run_in_executor(None, server.accept)
        with wire:
            wire.setblocking(False)  # noqa: FBT003 -- the call takes it by position only
            await until(lambda: reins.asleep)
            for turn in range(300):
                wire.send(bytes([turn % 256]))
                while not reins.asleep:
                    pass
                assert wire.recv(2) == bytes([turn % 256])


async def test_a_killed_replica_is_at_rest(start: Start, client: httpx.AsyncClient) -> None:
    """The reins of a replica that was killed say that it sleeps and has no timer, and take every order."""
    replica, reins = await held(start, "await asyncio.sleep(60)")
    request = asyncio.create_task(client.get(replica.url))
    await until(lambda: reins.asleep and reins.next_timer is not None)
    await replica.kill()
    await asyncio.wait([request])
    assert (reins.asleep, reins.next_timer, reins.debugger_attached) == (True, None, False)
    for order in (reins.hold, reins.free, reins.fire):
        order()
    reins.advance(1)


ATTACKS = {
    "garbage on the page": """
        words = asyncio.get_running_loop().control.page._words
        for place in range(5): words[place] = 0x7FF8_FFFF_FFFF_FFFF
    """,
    "no page": """
        for number in os.listdir("/proc/self/fd"):
            try: os.ftruncate(int(number), 0)
            except OSError: pass
    """,
    "no descriptors": "os.closerange(3, 512)",
    "other answers": """
        channel = asyncio.get_running_loop().control._channel
        asyncio.get_running_loop().control.page.lead(99)
        file = open("full", "w")
        for number in range(200):
            try: socket.send_fds(channel, [os.urandom(number + 1)], [file.fileno()])
            except OSError: pass
    """,
    "another loop": """
        asyncio.get_running_loop().__class__.control = None
    """,
}


@pytest.mark.parametrize("way", ATTACKS)
async def test_a_lie_harms_only_who_tells_it(start: Start, client: httpx.AsyncClient, way: str) -> None:
    """A submission that ruins what it shares with the grader raises nothing there and keeps nobody waiting."""
    replica, reins = await held(start, textwrap.dedent(ATTACKS[way]) + "\nreturn 1")
    request = asyncio.create_task(client.get(replica.url))
    began = time.monotonic()
    for _ in range(200):
        assert reins.asleep in {True, False}
        assert reins.next_timer is None or reins.next_timer >= 0
        reins.hold()
        reins.fire()
        reins.free()
        await Motion().look_round()
    assert time.monotonic() - began < 5
    await replica.kill()
    await asyncio.wait([request])
    assert reins.asleep


async def test_no_replica_halts_itself(start: Start, client: httpx.AsyncClient) -> None:
    """Who says that a debugger has it stand still, where none was let in, is not waited for."""
    replica, reins = await held(start, "asyncio.get_running_loop().control.page._words[4] = 2\nreturn 1")
    assert (await client.get(replica.url)).json() == 1
    assert not reins.halted


async def test_a_forked_child_has_no_part_in_it(start: Start, client: httpx.AsyncClient) -> None:
    """A child that the submission forks, and that runs a loop of its own, changes nothing that its parent says."""
    body = """
    if os.fork() == 0:
        asyncio._set_running_loop(None)
        async def nap():
            for _ in range(5): await asyncio.sleep(0.01)
        asyncio.run(nap())
        os._exit(0)
    os.wait()
    await asyncio.sleep(60)
    return "done"
    """
    replica, reins = await held(start, body)
    request = asyncio.create_task(client.get(replica.url))
    assert await fire_until_done(reins, request) == 1
    assert (await request).json() == "done"
