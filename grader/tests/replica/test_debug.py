"""A debugger attached to a replica, by the protocol that editors speak."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from grader.replica import Host, HostError, Replica
from grader.tests.replica.conftest import reins_of, service, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = "answer = 41\nreturn answer + 1"


class Editor:
    """A client of the debug adapter protocol: https://microsoft.github.io/debug-adapter-protocol/."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sent = 0

    def ask(self, command: str, **arguments: object) -> None:
        """Send a request."""
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def hear(self, name: str) -> dict[str, Any]:
        """Return the body of the next event, or of the next answer to a command, of that name."""
        while True:
            header = await self._reader.readuntil(b"\r\n\r\n")
            message = json.loads(await self._reader.readexactly(int(header.split(b":")[1])))
            if name in {message.get("event"), message.get("command")}:
                assert message.get("success", True), message
                return dict(message.get("body") or {})

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


def a_free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def test_a_debugger_stops_at_a_line(start: Start, client: httpx.AsyncClient) -> None:
    """A replica with a port for a debugger serves without one; one that attaches stops it, and it is not asleep."""
    pytest.importorskip("debugpy")
    port = a_free_port()
    replica = await start(service(BODY), debug_port=port)
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
        assert not any(reins.asleep for _ in range(1000))
        editor.ask("continue", threadId=thread)
        assert (await request).json() == 42
    await until(lambda: reins.asleep)
    await editor.close()
    assert replica.log() == ""


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
