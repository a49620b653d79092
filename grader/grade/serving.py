"""A submission's service for a person's own hands: replicas behind one port, doors for clients, new code on save."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from grader.checks import Example, example_of
from grader.lab import Unusable
from grader.wire.front import Front

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from grader.lab import Lab
    from grader.replica import Replica
    from grader.wire import Statement
    from grader.wire.proxy import Proxy

USUAL_PORT = 8000
"""Where the service is looked for first."""
KEPT = 1000
"""Statements after which those that were told are forgotten."""


class Listener(Protocol):
    """Who is told what happens."""

    def sent(self, request: str) -> None:
        """Take note of a request that has come, its method and path."""

    def answered(self, request: str, status: int, seconds: float) -> None:
        """Take note of its answer."""

    def ran(self, statement: Statement) -> None:
        """Take note of a statement that has been answered."""

    def printed(self, name: str, text: str) -> None:
        """Take note of what a replica has printed."""


class Service:
    """The service of a lab, with so many replicas."""

    def __init__(self, lab: Lab, replicas: int, listener: Listener) -> None:
        self.example = Example()
        self.doors: dict[str, Proxy] = {}
        """Wires for a person's own clients, by the client's name."""
        self._lab = lab
        self._names = "ABC"[:replicas]
        self._listener = listener
        self._front = Front(self._sent, self._answered)
        self._awaited: list[Statement] = []
        self._seen = 0
        self._heard: dict[int, str] = {}
        """What each process had printed when it was looked at last."""
        self._turn = asyncio.Lock()
        """Replicas are started by one at a time."""
        self._up = False

    @property
    def url(self) -> str:
        """Where the service answers; it stays the same."""
        return f"http://127.0.0.1:{self._front.port}"

    async def start(self) -> None:
        """Make the database with the example's rows, and start the replicas; Unusable where that cannot be."""
        await self._front.start(USUAL_PORT)
        await self._put_up(self._lay())

    async def _lay(self) -> bool:
        await self._lab.reset("up")
        return False

    async def load_again(self) -> bool:
        """Start replicas of the files as they are now; return whether database and doors are still the same."""
        return await self._put_up(self._lab.load_again())

    async def _put_up(self, laying: Awaitable[bool]) -> bool:
        """Let connections wait until replicas of what is laid on the bench serve; turn them away where none do."""
        async with self._turn:
            self._up = False
            self._front.lead_to()
            try:
                same = await laying
                if not same:
                    await self._furnish()
                await self._lead()
            except Unusable:
                self._front.lead_to(down=True)
                raise
            self._up = True
        return same

    async def close(self) -> None:
        """Close the port and the doors; the rest is the lab's to end."""
        await self._front.close()
        await asyncio.gather(*(door.close() for door in self.doors.values()))

    async def _furnish(self) -> None:
        self.example = example_of(self._lab.submission.kata.slug)
        self._lab.outside = self.example.outside
        await self._lab.rows.insert(self.example.rows)
        await asyncio.gather(*(door.close() for door in self.doors.values()))
        self.doors = self._lab.doors()
        await asyncio.gather(*(door.start() for door in self.doors.values()))

    async def _lead(self) -> list[Replica]:
        """Return the replicas when they serve, the port leading to them; background processes are to be started here.

        Where a process has ended another takes its place.
        """
        replicas = [await self._lab.replica(name) for name in self._names]
        self._front.lead_to(*(replica.port for replica in replicas))
        return replicas

    # listening

    def _sent(self, request: str) -> None:
        self.look()
        self._listener.sent(request)

    def _answered(self, request: str, status: int, seconds: float) -> None:
        self.look()
        self._listener.answered(request, status, seconds)

    def look(self) -> None:
        """Tell the listener of statements that have been answered since the last look."""
        recorder = self._lab.recorder
        self._awaited += [statement for statement in recorder.statements[self._seen :] if not statement.noise]
        self._seen = len(recorder.statements)
        for statement in [statement for statement in self._awaited if statement.done]:
            self._awaited.remove(statement)
            self._listener.ran(statement)
        if self._seen > KEPT and not self._awaited:
            recorder.clear()
            self._seen = 0

    async def look_after(self) -> None:
        """Do the same, tell what replicas have printed since, and put another in the place of one that has ended."""
        self.look()
        if self._turn.locked() or not self._up:
            return
        async with self._turn:
            try:
                replicas = await self._lead()
            except Unusable:
                self._up = False
                self._front.lead_to(down=True)
                raise
        for replica in replicas:
            before, text = self._heard.get(replica.pid, ""), replica.log()
            new = text.removeprefix(before)
            self._heard[replica.pid] = text
            if new.strip():
                self._listener.printed(replica.name, new)
