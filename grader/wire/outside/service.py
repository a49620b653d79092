"""The port through which one replica reaches the outside service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grader.wire.outside.connection import HttpConnection
from grader.wire.outside.values import HangUp
from grader.wire.proxy import Proxy, Upstream

if TYPE_CHECKING:
    from grader.wire.connection import Connection
    from grader.wire.outside.values import Call, Handler, Reply
    from grader.wire.recorder import Recorder

_NOWHERE = Upstream("", 0, "", "")


class OutsideService(Proxy):
    """An HTTP service that a handler plays; each call is a step with gates as a statement is.

    `done` is told of every call that passed the gate. `handler` can be set at any time.
    """

    scheme = "http"

    def __init__(self, handler: Handler, *, replica: str, recorder: Recorder) -> None:
        super().__init__(_NOWHERE, replica=replica, recorder=recorder)
        self.handler = handler
        self.failure: Exception | None = None
        """The first exception of a handler that was not HangUp; its client saw the connection end."""
        self._taken = 0
        self._working: set[asyncio.Task[Reply]] = set()

    def connection(self, number: int) -> Connection:
        """Return the handler of a new connection."""
        return HttpConnection(self, number)

    @property
    def url(self) -> str:
        """What the submission is given to call."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def is_idle(self) -> bool:
        """Whether no call is held, being worked on, or half sent."""
        return super().is_idle and not self._working

    def number(self) -> int:
        """Return the number of a call that is taken now."""
        self._taken += 1
        return self._taken

    async def work(self, call: Call) -> Reply:
        """Have a call answered; who is cancelled while waiting leaves the handler at work."""
        task = asyncio.get_running_loop().create_task(self._handle(call))
        self._working.add(task)
        task.add_done_callback(self._worked)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Close the port and every connection, and end every handler."""
        await super().close()
        working = set(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    def keep(self, error: Exception) -> None:
        """Keep what went wrong in a handler, or with its reply."""
        if not isinstance(error, HangUp):
            self.failure = self.failure or error

    async def _handle(self, call: Call) -> Reply:
        try:
            return await self.handler(call)
        except Exception as error:
            self.keep(error)
            raise

    def _worked(self, task: asyncio.Task[Reply]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # known by now, also where nobody waits for it any more
        self.look()
