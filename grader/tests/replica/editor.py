"""A debugger's client, as an editor is one."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


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
