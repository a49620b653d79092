"""Every crash point of one request: what is cut or killed, where, and that the fault was reached.

A request of k steps has 3k + 1 of them: its connection is cut before each step and after it (the server has run it,
the reply is lost), and the process is killed before each step and after the last; to the servers a process killed after
a step is one killed before the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from grader.wire import Cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.explore.bench import Actor
    from grader.explore.flights import Flight
    from grader.wire import Statement
    from grader.wire.proxy import Proxy

_NAMED = re.compile(r"(cut|kill)-(before|after)-([A-Z])(\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to an actor at one of its steps, counted from 1."""

    verb: str
    """`cut`: the connection of the step; `kill`: the whole process."""
    place: str
    """`before` the step reaches the server, or `after` it was run and before its reply."""
    index: int
    actor: str = "A"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the fault that a token names, or None where it names none."""
        match = _NAMED.fullmatch(text)
        return cls(match[1], match[2], int(match[4]), match[3]) if match else None

    def __str__(self) -> str:
        return f"{self.verb}-{self.place}-{self.actor}{self.index}"

    @property
    def told(self) -> str:
        """The fault in words, to go on with the statement."""
        what = "the connection is cut" if self.verb == "cut" else "the process is killed"
        return f"{what} {'before it' if self.place == 'before' else 'after it, before the reply'}"


def faults(steps: int, actor: str = "A") -> Iterator[Fault]:
    """Yield every crash point of a request, or a round, with so many steps, in the order of the steps."""
    for index in range(1, steps + 1):
        yield Fault("cut", "before", index, actor)
        yield Fault("cut", "after", index, actor)
        yield Fault("kill", "before", index, actor)
    if steps:
        yield Fault("kill", "after", steps, actor)


class Saboteur:
    """Stands at the gates of one actor, counts its steps, and does the damage at one of them; without a fault none."""

    def __init__(self, actor: Actor, fault: Fault | None = None) -> None:
        self.steps: list[Statement] = []
        """The first statement of each step, in the order in which they came."""
        self.struck = False
        self.processes: list[int] = []
        """The server's processes behind the connections that were lost."""
        self._actor = actor
        self._fault = fault

    def __enter__(self) -> Self:
        for wire in self._actor.wires:
            self._attend(wire)
        return self

    def __exit__(self, *_: object) -> None:
        for wire in self._actor.wires:
            wire.gate = wire.reply_gate = None

    def _attend(self, wire: Proxy) -> None:
        async def gate(statement: Statement) -> None:
            self.steps.append(statement)
            await self._strike(wire, statement, "before")

        async def reply_gate(statement: Statement) -> None:
            await self._strike(wire, statement, "after")

        wire.gate, wire.reply_gate = gate, reply_gate

    async def _strike(self, wire: Proxy, statement: Statement, place: str) -> None:
        fault = self._fault
        if fault is None or self.struck or fault.place != place or self.steps[fault.index - 1 :][:1] != [statement]:
            return
        self.struck = True
        if fault.verb == "kill":
            self.processes = [process for each in self._actor.wires for process in each.processes]
            await self._actor.kill()
        elif (process := wire.process_of(statement.connection)) is not None:
            self.processes = [process]
        raise Cut


async def strike(flight: Flight, fault: Fault) -> list[int]:
    """Have a fault come to a step that is held; return the server's processes whose client is lost by it.

    One `before` the step is there at once; one `after` it comes when the step has been let go and was run.
    """
    process = flight.wire.process_of(flight.statement.connection)
    lost = [process] if process is not None else []
    if fault.verb == "kill":
        lost = [process for wire in flight.actor.wires for process in wire.processes]
    if fault.place == "after":
        _lose_reply(flight, fault)
    elif fault.verb == "kill":
        flight.over = True
        await flight.actor.kill()
    else:
        flight.over = True
        flight.permission.set_exception(Cut())
    return lost


def _lose_reply(flight: Flight, fault: Fault) -> None:
    """Do the damage between the server's answer to a step and its way to the client."""

    async def reply_gate(statement: Statement) -> None:
        if statement is flight.statement:
            flight.wire.reply_gate = None
            if fault.verb == "kill":
                await flight.actor.kill()
            raise Cut

    flight.wire.reply_gate = reply_gate
