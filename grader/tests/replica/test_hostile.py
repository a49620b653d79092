"""Submissions that start, and then do what no service should."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from grader.replica import Limits, Replica
from grader.tests.replica.conftest import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; test_spawned.py does some of this with spawn."""
    return "fork"


async def call(client: httpx.AsyncClient, replica: Replica) -> Any:  # noqa: ANN401 -- whatever the endpoint returns
    """Wait for the replica and call its endpoint."""
    await replica.ready()
    answer = await client.get(replica.url)
    assert answer.status_code == 200, replica.log()
    return answer.json()


async def call_a_dying_one(client: httpx.AsyncClient, replica: Replica) -> None:
    """Wait for the replica and call an endpoint that does not live to answer."""
    await replica.ready()
    with pytest.raises(httpx.TransportError):
        await client.get(replica.url)


@asynccontextmanager
async def asking(client: httpx.AsyncClient, replica: Replica) -> AsyncIterator[None]:
    """Have a request under way that gets no answer; the replica is killed afterwards."""
    request = asyncio.create_task(client.get(replica.url))
    try:
        yield
    finally:
        await replica.kill()
        with pytest.raises(httpx.TransportError):
            await request


async def test_an_exception_in_a_handler_is_an_answer_of_500(start: Start, client: httpx.AsyncClient) -> None:
    """An exception in a handler answers 500, its traceback is in the log, and the service goes on."""
    replica = await start(service("1 / 0"))
    await replica.ready()
    assert (await client.get(replica.url)).status_code == 500
    assert (await client.get(f"{replica.url}/alive")).json() == replica.pid
    await replica.stop()
    assert "ZeroDivisionError" in replica.log()


async def test_an_exit_in_a_handler_is_known_at_once(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that ends the process is seen to, with its status, without asking."""
    replica = await start(service("os._exit(0)"))
    await call_a_dying_one(client, replica)
    exited = await replica.wait()
    assert (exited.code, exited.signal, exited.description) == (0, None, "exited with status 0")


async def test_an_endless_loop_in_a_handler_is_shown(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that never ends blocks its event loop; the line where it stands is told, and it can be ended."""
    replica = await start(service("print('in', flush=True)\nwhile True:\n    pass"))
    await replica.ready()
    async with asking(client, replica):
        shown = await until_shown(replica, "in endpoint")
    assert re.fullmatch(r"Thread\n    app/main.py:1[56] in endpoint", shown)


async def until_shown(replica: Replica, words: str) -> str:
    """Ask where the replica stands until `words` are in the answer."""
    async with asyncio.timeout(10):
        while words not in (shown := await replica.stack()):
            pass
    return shown


async def test_a_handler_that_waits_forever_is_shown(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that waits for something that never comes is shown with the line where it waits."""
    replica = await start(service("await asyncio.Event().wait()"))
    await replica.ready()
    async with asking(client, replica):
        shown = await until_shown(replica, "in endpoint")
    assert re.fullmatch(r"Task Task-\d+\n    app/main.py:14 in endpoint", shown)


async def test_a_blocked_thread_is_shown(start: Start, client: httpx.AsyncClient) -> None:
    """A plain handler blocked in its thread is shown, while the event loop goes on."""
    replica = await start(service("threading.Event().wait()", plain=True))
    await replica.ready()
    async with asking(client, replica):
        shown = await until_shown(replica, "in endpoint")
        assert (await client.get(f"{replica.url}/alive")).json() == replica.pid
    assert shown == "Thread\n    app/main.py:14 in endpoint"


async def test_memory_is_limited(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that asks for 10 GB gets a MemoryError, not the machine's memory."""
    replica = await start(service("bytearray(10 << 30)"))
    await replica.ready()
    assert (await client.get(replica.url)).status_code == 500
    await replica.stop()
    assert "MemoryError" in replica.log()


async def test_growing_without_end_is_told_as_out_of_memory(start: Start, client: httpx.AsyncClient) -> None:
    """A handler that grows until nothing is left, and takes the process with it, is told of its limit."""
    body = """
    held = []
    try:
        while True: held.append(bytearray(1 << 20))
    except MemoryError:
        os.write(2, b"MemoryError")
        os.abort()
    """
    replica = await start(service(body), limits=Limits(memory_bytes=512 << 20))
    await call_a_dying_one(client, replica)
    assert (await replica.wait()).description == "ran out of memory (limit 512 MB)"


BOMB = """
    first = os.getpid()
    while True:
        try:
            os.fork()
        except OSError:
            if os.getpid() == first:
                return "full"
"""


async def test_a_fork_bomb_is_bounded_and_ended(start: Start, client: httpx.AsyncClient) -> None:
    """A fork bomb reaches its limit of processes, and every one of them is ended with the replica."""
    replica = await start(service(BOMB), limits=Limits(processes=32))
    assert await call(client, replica) == "full"
    await replica.kill()
    # An ordinary user's limit counts all that ran as that user at the start, so that there may be a few more than 32.
    assert 1 <= replica.escaped <= 64


LEFT_BEHIND = """
    ready, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.write(told, b"%d" % os.getpid())
            while True: time.sleep(60)
        os._exit(0)
    os.wait()
    return int(os.read(ready, 20))
"""


async def test_what_leaves_its_session_is_ended_when_the_replica_stops(start: Start, client: httpx.AsyncClient) -> None:
    """A process left behind in a session of its own is ended with its replica, and counted."""
    replica = await start(service(LEFT_BEHIND))
    assert await call(client, replica) != replica.pid
    await replica.stop()
    assert replica.escaped == 1


async def test_what_is_left_behind_is_ended_when_the_replica_ends_itself(
    start: Start, client: httpx.AsyncClient
) -> None:
    """A process left behind is ended, and counted, when its replica ends by itself."""
    replica = await start(
        service(
            LEFT_BEHIND.replace("return int", "os._exit").replace(
                "(os.read(ready, 20))", "(len(os.read(ready, 1)) + 4)"
            )
        )
    )
    await call_a_dying_one(client, replica)
    assert (await replica.wait()).code == 5
    assert replica.escaped == 1


async def test_a_gigabyte_of_output_neither_blocks_nor_stays(start: Start, client: httpx.AsyncClient) -> None:
    """A gigabyte on stdout takes its time and a bounded place: beginning and end are kept, the middle is counted."""
    body = (
        "os.write(1, b'first')\nfor _ in range(1024): sys.stdout.buffer.write(bytes(1 << 20))\nprint('last')\nreturn 1"
    )
    replica = await start(service(body))
    assert await call(client, replica) == 1
    await replica.stop()
    log = replica.log()
    assert log.startswith("first")
    assert log.endswith("last\n")
    assert "… 1,024 MB more …" in log
    assert len(log) < 300_000


async def test_a_closed_stdout_breaks_nothing(start: Start, client: httpx.AsyncClient) -> None:
    """A service that closes its stdout and stderr, streams and descriptors, goes on and is ended as any other."""
    body = "sys.stdout.close(); sys.stderr.close(); os.closerange(1, 3)\nreturn 1"
    replica = await start(service(body))
    assert await call(client, replica) == 1
    assert (await client.get(f"{replica.url}/alive")).json() == replica.pid
    assert (await replica.stop()).description == "was stopped by the grader"


async def test_output_that_is_not_utf_8_is_shown(start: Start, client: httpx.AsyncClient) -> None:
    """Output that is not UTF-8 is shown with replacements."""
    replica = await start(service("os.write(1, b'caf\\xe9')\nreturn 1"))
    assert await call(client, replica) == 1
    await replica.stop()
    assert "caf\ufffd" in replica.log()


async def test_open_files_are_limited(start: Start, client: httpx.AsyncClient) -> None:
    """A service that opens 10,000 files gets an OSError at its limit, and goes on when it closes them."""
    body = """
    held = []
    try:
        for _ in range(10_000): held.append(open("/dev/null"))
    except OSError as error:
        return [len(held) < 512, error.errno]
    """
    replica = await start(service(body))
    assert await call(client, replica) == [True, 24]


async def test_the_size_of_a_file_is_limited(start: Start, client: httpx.AsyncClient) -> None:
    """A service that fills the disk gets an OSError at its limit."""
    body = """
    try:
        with open("big", "wb") as file:
            while True: file.write(bytes(1 << 20))
    except OSError as error:
        return [os.stat("big").st_size, error.errno]
    """
    replica = await start(service(body))
    assert await call(client, replica) == [64 << 20, 27]


async def test_killing_its_parent_ends_at_most_itself(start: Start, client: httpx.AsyncClient) -> None:
    """A service that kills the process above it has no success, or is ended by it, with what it left behind."""
    attack = """
    try:
        os.kill(os.getppid(), signal.SIGKILL)
    except PermissionError:
        return "denied"
    """
    replica = await start(service(attack))
    assert await call(client, replica) == "denied"
    other = await start(service(attack))
    assert await call(client, other) == "denied"


async def test_killing_everything_ends_at_most_itself(start: Start, client: httpx.AsyncClient) -> None:
    """A service that signals every process it may reaches its own at most."""
    replica = await start(service("try:\n    os.kill(-1, signal.SIGKILL)\nexcept OSError: pass\nreturn 1"))
    assert await call(client, replica) == 1


async def test_listening_elsewhere_ends_with_the_replica(start: Start, client: httpx.AsyncClient) -> None:
    """A port that the service opens besides its own is closed with it."""
    body = """
    global other
    other = socket.create_server(("127.0.0.1", 0))
    return other.getsockname()[1]
    """
    replica = await start(service(body))
    port = await call(client, replica)
    await replica.kill()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(httpx.ConnectError):
        await client.get(replica.url)


async def test_no_secret_of_the_grader_is_in_reach(
    start: Start, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service sees the environment it is given and nothing of the grader's, in its ancestors' neither."""
    monkeypatch.setenv("GRADER_SECRET", "hunter2")
    body = """
    seen = dict(os.environ)
    pid = os.getpid()
    texts = []
    while pid > 1:
        try:
            texts.append(Path(f"/proc/{pid}/environ").read_text())
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            break
        pid = int(status.split("PPid:")[1].split()[0])
    return [sorted(seen), any("hunter2" in text for text in texts)]
    """
    replica = await start(service(body), environment={"DATABASE_URL": "x"})
    names, found = await call(client, replica)
    assert set(names) - {"TZ"} == {"DATABASE_URL", "HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR"}
    assert not found


async def test_only_its_own_descriptors_are_open(start: Start, client: httpx.AsyncClient) -> None:
    """A service inherits no socket but the one it serves on."""
    body = """
    families = []
    for n in os.listdir("/proc/self/fd"):
        try: families.append(socket.socket(fileno=os.dup(int(n))).family.name)
        except OSError: pass
    return families.count("AF_UNIX")
    """
    replica = await start(service(body))
    # The event loop has a pair of its own.
    assert await call(client, replica) == 2
