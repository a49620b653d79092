"""Which replicas, and which of their event loops, are under control."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.replica.conftest import reins_of, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grader.replica import Replica

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; test_spawned.py does some of this with spawn."""
    return "fork"


async def test_a_relays_time_is_held(start: Start) -> None:
    """A command's loops, one after the other, are controlled as a server's is."""
    relay = """
        import asyncio

        async def turn(number):
            await asyncio.sleep(60)
            print(number, flush=True)

        for number in range(2):
            asyncio.run(turn(number))
        loop = asyncio.new_event_loop()
        loop.call_later(60, print, 2)
        loop.call_later(61, loop.stop)
        loop.run_forever()
    """
    replica = await start(files={"app/relay.py": relay}, command=["-m", "app.relay"], controlled=True)
    reins = reins_of(replica)
    reins.hold()
    for number in range(3):
        await until(lambda: reins.asleep and reins.next_timer is not None)
        assert replica.log() == "".join(f"{done}\n" for done in range(number))
        reins.fire()
        await until(lambda number=number: f"{number}\n" in replica.log())  # type: ignore[misc]
    await until(lambda: reins.asleep and reins.next_timer is not None)
    reins.fire()
    assert (await replica.wait()).code == 0


async def test_a_background_task_is_held(start: Start) -> None:
    """A poller that the lifespan starts, before anyone could hold it, is held with all else."""
    main = """
        import asyncio
        from contextlib import asynccontextmanager
        from fastapi import FastAPI

        async def poll():
            while True:
                await asyncio.sleep(60)
                print("polled", flush=True)

        @asynccontextmanager
        async def lifespan(app):
            polling = asyncio.create_task(poll())
            yield
            polling.cancel()

        def create_app():
            return FastAPI(lifespan=lifespan)
    """
    replica = await start(main, controlled=True)
    await replica.ready()
    reins = reins_of(replica)
    reins.hold()
    for turn in range(1, 4):
        await until(lambda: reins.asleep and reins.next_timer is not None)
        reins.fire()
        await until(lambda turn=turn: replica.log() == "polled\n" * turn)  # type: ignore[misc]
    assert (await replica.stop()).code == 0


async def test_only_who_asks_for_reins_has_them(start: Start) -> None:
    """A replica that is not controlled has none."""
    replica = await start()
    assert replica.reins is None
