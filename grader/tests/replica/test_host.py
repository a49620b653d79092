"""The host: starting, ending, and being ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
import pytest

from grader.replica import Host, HostError, Replica

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_replica_answers(start: Start, client: httpx.AsyncClient) -> None:
    """A replica serves on its own address once it is ready, and stops in order when asked."""
    replica = await start()
    await replica.ready()
    assert (await client.get(replica.url)).json() == "served"
    exited = await replica.stop()
    assert (exited.code, exited.description) == (0, "was stopped by the grader")


async def test_shutdown_code_runs(start: Start) -> None:
    """A replica that is stopped runs the end of its lifespan and its exit functions."""
    replica = await start("""
        import atexit
        from contextlib import asynccontextmanager
        from fastapi import FastAPI

        @asynccontextmanager
        async def lifespan(app):
            yield
            print("lifespan")

        def create_app():
            atexit.register(print, "exit")
            return FastAPI(lifespan=lifespan)
    """)
    await replica.ready()
    await replica.stop()
    assert replica.log() == "lifespan\nexit\n"


async def test_replicas_share_nothing(start: Start, client: httpx.AsyncClient) -> None:
    """Two replicas of one copy have processes, files and modules of their own."""
    main = """
        from pathlib import Path
        from fastapi import FastAPI

        def create_app():
            app = FastAPI()
            seen = []

            @app.get("/")
            async def root():
                seen.append(1)
                Path("seen.txt").open("a").write("x")
                return [len(seen), Path("seen.txt").read_text()]

            return app
    """
    one, two = await start(main), await start(main)
    for replica in (one, two):
        await replica.ready()
        assert (await client.get(replica.url)).json() == [1, "x"]
    assert one.pid != two.pid


async def test_another_command_runs_in_the_same_surroundings(start: Start) -> None:
    """A command runs a module of the submission as `__main__`, with its arguments, and ends with its status."""
    relay = """
        import os, sys
        from app import __name__ as package

        if __name__ == "__main__":
            print(package, sys.argv[1:], os.environ["DATABASE_URL"])
            sys.exit(3)
    """
    environment = {"DATABASE_URL": "postgresql://x"}
    replica = await start(files={"app/relay.py": relay}, command=["-m", "app.relay", "once"], environment=environment)
    assert (await replica.wait()).description == "exited with status 3"
    assert replica.log() == "app ['once'] postgresql://x\n"


async def test_a_commands_traceback_is_theirs(start: Start) -> None:
    """A command that raises ends with status 1, and its traceback begins at the submission's first line."""
    replica = await start(files={"app/relay.py": "1 / 0\n"}, command=["-m", "app.relay"])
    assert (await replica.wait()).code == 1
    lines = replica.log().splitlines()
    assert lines[1].strip() == 'File "app/relay.py", line 1, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"


async def test_a_replica_cannot_import_the_grader(start: Start) -> None:
    """A submission that imports the grader's package from its project finds none."""
    replica = await start(files={"app/spy.py": "import grader\n"}, command=["-m", "app.spy"])
    await replica.wait()
    assert "No module named 'grader'" in replica.log()


async def test_a_parent_that_ends_is_told_of(method: Any, write: Callable[..., Path]) -> None:  # noqa: ANN401
    """When the parent ends, every replica ends, and the next is refused with a reason."""
    host = Host(start_method=method)
    host.begin()
    copy = host.copy(write())
    replica = await host.replica("A", copy, environment={})
    await replica.ready()
    process = psutil.Process(replica.pid)
    process.parents()[1].kill()
    await replica.wait()
    assert psutil.wait_procs([process], timeout=5)[1] == []
    with pytest.raises(HostError, match="has ended"):
        await host.replica("A", copy, environment={})
    await host.close()


async def test_a_host_that_never_ran_leaves_nothing(method: Any) -> None:  # noqa: ANN401
    """A host that was begun and not used ends without an event loop."""
    host = Host(start_method=method)
    host.begin()
    directory = host.directory
    host.end()
    assert not directory.exists()


async def test_close_ends_what_was_never_awaited(method: Any, write: Callable[..., Path]) -> None:  # noqa: ANN401
    """A host that is closed while replicas start ends them."""
    before = psutil.Process().children()
    host = Host(start_method=method)
    host.begin()
    copy = host.copy(write("import time\nwhile True: time.sleep(1)\n"))
    replicas = [await host.replica(name, copy, environment={}) for name in "AB"]
    await host.close()
    assert all(replica.exited for replica in replicas)
    assert psutil.Process().children() == before


async def test_a_copy_that_is_gone_is_the_graders_trouble(host: Host) -> None:
    """A replica whose copy was removed is not blamed on the submission."""
    replica = await host.replica("A", host.directory / "submissions" / "none", environment={})
    with pytest.raises(HostError, match="could not be made ready"):
        await replica.ready()


async def test_a_keeper_that_is_killed_is_told_of(host: Host, write: Callable[..., Path]) -> None:
    """A replica whose keeper is killed dies with it, and the grader knows."""
    replica = await host.replica("A", host.copy(write()), environment={})
    await replica.ready()
    process = psutil.Process(replica.pid)
    process.parents()[0].kill()
    assert (await replica.wait()).description == "killed the process above it, and was ended with it"
    assert psutil.wait_procs([process], timeout=5)[1] == []
