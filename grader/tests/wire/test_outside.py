"""The outside service answers the calls of a replica, and its gates hold them as they hold statements."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from grader.wire import Cut
from grader.wire.outside import Call, HangUp, OutsideService, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grader.wire import Recorder, Statement


class Gateway:
    """A handler that keeps its calls, and answers 201 unless told otherwise."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.finished = 0

    async def __call__(self, call: Call) -> Reply:
        """Answer when it may."""
        self.calls.append(call)
        self.begun.set()
        await self.may_answer.wait()
        self.finished += 1
        return Reply(201, {"charge_id": call.number}, {"X-Kept": "yes"})


class Held:
    """A gate that holds what comes until it is told."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[Statement] = asyncio.Queue()
        self.may_go: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self, statement: Statement) -> None:
        """Wait for permission."""
        self.arrived.put_nowait(statement)
        await self.may_go.get()


async def cut(statement: Statement) -> None:  # noqa: ARG001 -- a gate's signature
    """Cut the connection."""
    raise Cut


@pytest.fixture
def gateway() -> Gateway:
    """A handler."""
    return Gateway()


@pytest.fixture
async def service(gateway: Gateway, recorder: Recorder) -> AsyncIterator[OutsideService]:
    """The port of a replica."""
    async with OutsideService(gateway, replica="A", recorder=recorder) as service:
        yield service


@pytest.fixture
async def client(service: OutsideService) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps its connections."""
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
        yield client


async def test_the_handler_sees_the_call_as_it_was_made(client: httpx.AsyncClient, gateway: Gateway) -> None:
    """The handler sees the call as it was made, and its reply comes back."""
    headers = [("Idempotency-Key", "one"), ("idempotency-key", "two")]
    answer = await client.post("/charges?dry=1", json={"amount_cents": 5}, headers=headers)
    assert (answer.status_code, answer.json(), answer.headers["x-kept"]) == (201, {"charge_id": 1}, "yes")
    call = gateway.calls[0]
    assert (call.replica, call.number, call.method, call.path, call.query) == ("A", 1, "POST", "/charges", "dry=1")
    assert call.headers["idempotency-key"] == "two"
    assert [value for name, value in call.header_list if name == "idempotency-key"] == ["one", "two"]
    assert json.loads(call.body) == {"amount_cents": 5}


async def test_calls_are_recorded(client: httpx.AsyncClient, service: OutsideService, recorder: Recorder) -> None:
    """Calls are recorded as statements, refusals with their status as error."""
    service.keep_results = True
    await client.post("/charges", content=b'{"amount_cents": 5}')

    async def refuse(call: Call) -> Reply:  # noqa: ARG001 -- a handler's signature
        return Reply(503)

    service.handler = refuse
    assert (await client.get("/charges/1")).status_code == 503
    first, second = recorder.counted
    assert (first.service, first.text, first.parameters) == ("http", "POST /charges", ('{"amount_cents": 5}',))
    assert (first.replica, first.command, first.error, first.done) == ("A", "201", None, True)
    assert first.result is not None
    assert (first.result.columns, first.result.rows) == (("status", "charge_id"), [("201", "1")])
    assert first.step == (first,)
    assert (second.text, second.error, second.connection) == ("GET /charges/1", "503", first.connection)
    assert recorder.round_trips == 2


async def test_a_connection_is_kept_and_calls_of_several_run_at_once(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway
) -> None:
    """A connection serves call after call, and several connections are served at once."""
    await client.post("/charges")
    await client.post("/charges")
    assert service.connections == 1
    gateway.may_answer.clear()
    both = asyncio.gather(client.post("/charges"), client.post("/charges"))
    while len(gateway.calls) < 4:
        gateway.begun.clear()
        await gateway.begun.wait()
    assert (service.connections, service.is_idle) == (2, False)
    gateway.may_answer.set()
    await both
    await service.idle()
    assert [call.number for call in gateway.calls] == [1, 2, 3, 4]


async def test_a_held_call_does_not_reach_the_handler(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway
) -> None:
    """A held call does not reach the handler before it is let go, and done tells when it has been answered."""
    gate = service.gate = Held()
    told: list[Statement] = []
    service.done = told.append
    running = asyncio.create_task(client.post("/charges"))
    statement = await gate.arrived.get()
    assert (gateway.calls, service.is_idle, told) == ([], False, [])
    gate.may_go.put_nowait(None)
    assert (await running).status_code == 201
    assert told == [statement]
    assert service.is_idle


async def test_the_reply_is_held_after_the_handler_ran(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway
) -> None:
    """The reply gate holds the reply of a call that has been worked on."""
    gate = service.reply_gate = Held()
    told: list[Statement] = []
    service.done = told.append
    running = asyncio.create_task(client.post("/charges"))
    statement = await gate.arrived.get()
    assert (gateway.finished, statement.command, service.is_idle, told) == (1, "201", False, [])
    gate.may_go.put_nowait(None)
    assert (await running).status_code == 201
    assert told == [statement]


async def test_a_call_can_be_cut_before_and_after_the_handler(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway, recorder: Recorder
) -> None:
    """Cut before the handler it never runs, cut after it has; the client cannot tell."""
    told: list[Statement] = []
    service.done = told.append
    service.gate = cut
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/charges")
    assert (gateway.calls, told, recorder.statements[0].error) == ([], [], "LOST")
    service.gate, service.reply_gate = None, cut
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/charges")
    assert gateway.finished == 1
    assert told == [recorder.statements[1]]
    await service.empty()


async def test_a_client_that_leaves_while_held_is_never_served(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway, recorder: Recorder
) -> None:
    """A client that leaves while its call is held: the call is never taken."""
    gate = service.gate = Held()
    running = asyncio.create_task(client.post("/charges"))
    await gate.arrived.get()
    running.cancel()
    await service.empty()
    assert service.is_idle
    assert recorder.statements[0].error == "LOST"
    service.gate = None
    await client.post("/charges")
    assert [call.number for call in gateway.calls] == [1]


async def test_a_handler_goes_on_when_its_client_has_left(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway, recorder: Recorder
) -> None:
    """A handler goes on when its client has left, and the service is idle when it has ended."""
    told: list[Statement] = []
    service.done = told.append
    gateway.may_answer.clear()
    running = asyncio.create_task(client.post("/charges"))
    await gateway.begun.wait()
    running.cancel()
    await service.empty()
    assert (told, service.is_idle) == (recorder.statements, False)
    gateway.may_answer.set()
    await service.idle()
    assert gateway.finished == 1


async def test_a_handler_may_hang_up(client: httpx.AsyncClient, service: OutsideService, recorder: Recorder) -> None:
    """A handler may hang up; that is no failure."""

    async def hang_up(call: Call) -> Reply:  # noqa: ARG001 -- a handler's signature
        raise HangUp

    service.handler = hang_up
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/charges")
    assert (recorder.statements[0].error, service.failure) == ("LOST", None)


@pytest.mark.parametrize("reply", [Reply(200, object()), Reply(200, {}, {"bad name": "x"})])
async def test_what_a_handler_does_wrong_is_kept(
    client: httpx.AsyncClient, service: OutsideService, reply: Reply
) -> None:
    """What a handler does wrong is kept for the check, and its client sees the connection end."""

    async def wrong(call: Call) -> Reply:  # noqa: ARG001 -- a handler's signature
        return reply

    service.handler = wrong
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/charges")
    assert service.failure is not None
    await service.empty()


async def test_closing_ends_what_is_held_and_what_runs(
    client: httpx.AsyncClient, service: OutsideService, gateway: Gateway
) -> None:
    """Closing the port ends what is held and what is being worked on."""
    gateway.may_answer.clear()
    working = asyncio.create_task(client.post("/charges"))
    await gateway.begun.wait()
    gate = service.gate = Held()
    holding = asyncio.create_task(client.post("/charges"))
    await gate.arrived.get()
    await service.close()
    for task in (working, holding):
        with pytest.raises(httpx.TransportError):
            await task
    assert gateway.finished == 0
    with pytest.raises(httpx.ConnectError):
        await client.post("/charges")
