"""A debugger attached to a replica, by the protocol that editors speak."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from grader.replica import Host, HostError, Replica
from grader.tests.replica.conftest import reins_of, service, until
from grader.tests.replica.editor import Editor, a_free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = "answer = 41\nreturn answer + 1"


@pytest.mark.parametrize("plain", [False, True], ids=["in the loop", "in a thread"])
async def test_a_debugger_stops_at_a_line(plain: bool, start: Start, client: httpx.AsyncClient) -> None:  # noqa: FBT001 -- a table of cases
    """A replica with a port for a debugger serves without one; one that attaches stops it, and it is not asleep."""
    pytest.importorskip("debugpy")
    port = a_free_port()
    replica = await start(service(BODY, plain=plain), debug_port=port)
    await replica.ready()
    reins = reins_of(replica)
    assert (await client.get(replica.url)).json() == 42
    assert not reins.debugger_attached
    editor = Editor(*await asyncio.open_connection("127.0.0.1", port))
    main = replica.place / "app/main.py"
    line = 1 + main.read_text().splitlines().index("        return answer + 1")
    async with asyncio.timeout(30):
        editor.ask("initialize", adapterID="debugpy")
        await editor.hear("initialize")
        editor.ask("attach", justMyCode=True)
        await editor.hear("initialized")
        editor.ask("setBreakpoints", source={"path": str(main)}, breakpoints=[{"line": line}])
        editor.ask("configurationDone")
        await editor.hear("attach")
        await until(lambda: reins.debugger_attached)
        request = asyncio.create_task(client.get(replica.url))
        thread = (await editor.hear("stopped"))["threadId"]
        assert reins.halted
        assert not any(reins.asleep for _ in range(1000))
        editor.ask("continue", threadId=thread)
        assert (await request).json() == 42
    assert not reins.halted
    await until(lambda: reins.asleep)
    await editor.close()
    assert replica.log() == ""


async def test_what_a_library_waits_for_takes_no_time_when_frozen(start: Start, client: httpx.AsyncClient) -> None:
    """The timeout of a library does not run out while timers stand still, and has its whole time afterwards."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await answer.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(30):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        ask = f"async with httpx.AsyncClient(timeout=0.5) as c:\n    return (await c.get({url!r})).status_code"
        replica = await start(service(ask, before="import httpx"), controlled=True)
        await replica.ready()
        reins = reins_of(replica)
        request = asyncio.create_task(client.get(replica.url))
        await asked.wait()
        reins.freeze()
        await asyncio.wait([request], timeout=1)
        assert not request.done()
        reins.thaw()
        answer.set()
        assert (await request).json() == 204


async def test_a_port_that_is_taken_is_told_of(host: Host, write: Callable[..., Path]) -> None:
    """A port that another has is refused before anything starts."""
    copy = host.copy(write())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HostError, match=f"port {port} cannot be had for a debugger: .*in use"):
            await host.replica("A", copy, environment={}, debug_port=port)


async def test_a_debugger_that_is_not_installed_is_told_of(
    host: Host, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without debugpy a replica that wants it is refused before anything starts, with the command that mends it."""
    monkeypatch.setitem(sys.modules, "debugpy", None)
    with pytest.raises(HostError, match="pip install 'backend-katas"):
        await host.replica("A", host.copy(write()), environment={}, debug_port=a_free_port())
