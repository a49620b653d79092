"""Calls and imports between a submission's modules, as a traced replica tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.replica.conftest import reins_of, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from grader.replica import Edge, Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAIN = """
    import asyncio
    from fastapi import BackgroundTasks, Depends, FastAPI
    from sqlalchemy.util import greenlet_spawn
    from app import registry, shelf

    def create_app():
        app = FastAPI()
        app.state.take = shelf.take

        @app.get("/called")
        async def called():
            return await shelf.take()

        @app.get("/imported")
        async def imported():
            from app import late
            return late.NUMBER

        @app.get("/named")
        async def named():
            import importlib
            return importlib.import_module("app.late").NUMBER

        @app.get("/registered")
        async def registered():
            return await registry.find("take")()

        @app.get("/greenlet")
        async def in_greenlet():
            return await greenlet_spawn(shelf.count)

        @app.get("/thread")
        def in_thread():
            return shelf.count()

        @app.get("/task")
        async def in_task():
            return await asyncio.create_task(shelf.take())

        @app.get("/after")
        async def after(tasks: BackgroundTasks):
            tasks.add_task(shelf.take)

        @app.get("/given")
        async def given(number: int = Depends(shelf.count)):
            return number

        return app
"""
FILES = {
    "app/shelf.py": """
        from app import registry

        async def take():
            return count()

        def count():
            return 7

        registry.add("take", take)
    """,
    "app/registry.py": """
        KNOWN = {}

        def add(name, function):
            KNOWN[name] = lambda: function()

        def find(name):
            return KNOWN[name]
    """,
    "app/late.py": "NUMBER = 9",
}
ROUTES = ("called", "imported", "named", "registered", "greenlet", "thread", "task", "after", "given")


def _drawn(edge: Edge) -> str:
    """Return the edge without lines: `main > registry > shelf.take`."""
    names = [site.file.removeprefix("app/").removesuffix(".py") for site in (*edge.callers[::-1], edge.target)]
    return " > ".join(names) + f".{edge.function}" * (not edge.imported)


@pytest.mark.parametrize(
    ("route", "edges"),
    [
        ("called", {"main > shelf.take"}),
        ("imported", {"main > late"}),
        ("named", {"main > late"}),
        ("registered", {"main > registry.find", "main > registry.add.<locals>.<lambda>", "main > shelf.take"}),
        ("greenlet", {"main > shelf.count"}),
        ("thread", {"main > shelf.count"}),
        ("task", {"shelf.take"}),
        ("after", {"shelf.take"}),
        ("given", {"shelf.count"}),
    ],
)
async def test_edges_of_a_request(
    start: Callable[..., Awaitable[Replica]], client: httpx.AsyncClient, route: str, edges: set[str]
) -> None:
    """What one request calls and imports is told with its name, whichever way it took."""
    replica = await start(MAIN, FILES, traced=True, controlled=True)
    await replica.ready()
    assert (await client.get(f"{replica.url}/{route}")).status_code == 200
    await until(lambda: reins_of(replica).asleep)
    found = {_drawn(edge) for edge in replica.edges() if edge.request == f"GET /{route}"}
    assert edges <= found
    assert all(name.startswith("main.") or name in edges for name in found)


async def test_lines_are_told(start: Callable[..., Awaitable[Replica]], client: httpx.AsyncClient) -> None:
    """An edge names the line that called and the line of what was called."""
    replica = await start(MAIN, FILES, traced=True)
    await replica.ready()
    await client.get(f"{replica.url}/called")
    edge = next(e for e in replica.edges() if e.function == "take" and e.request)
    assert (str(edge.callers[0]), str(edge.target)) == ("app/main.py:12", "app/shelf.py:3")


async def test_equal_code_in_two_files(start: Callable[..., Awaitable[Replica]], client: httpx.AsyncClient) -> None:
    """Functions that are equal to the letter are told apart by their files."""
    main = """
        from fastapi import FastAPI
        from app import one, other

        def create_app():
            app = FastAPI()

            @app.get("/")
            def root():
                return one.number() + other.number()

            return app
    """
    number = "def number():\n    return 7\n"
    replica = await start(main, {"app/one.py": number, "app/other.py": number}, traced=True)
    await replica.ready()
    await client.get(replica.url)
    found = {_drawn(edge) for edge in replica.edges() if edge.request}
    assert found >= {"main > one.number", "main > other.number"}


async def test_what_runs_before_requests_has_none(start: Callable[..., Awaitable[Replica]]) -> None:
    """Imports and calls of the start are told without a request."""
    replica = await start(MAIN, FILES, traced=True)
    await replica.ready()
    assert {_drawn(edge) for edge in replica.edges() if not edge.request} >= {
        "main > registry",
        "main > shelf",
        "main > shelf > registry",
        "main > shelf > registry.add",
    }


async def test_others_tell_nothing(start: Callable[..., Awaitable[Replica]], client: httpx.AsyncClient) -> None:
    """A replica that is not traced has no edges, and no profile function."""
    main = """
        import sys
        from fastapi import FastAPI

        def create_app():
            app = FastAPI()

            @app.get("/")
            def root():
                return str(sys.getprofile())

            return app
    """
    replica = await start(main)
    await replica.ready()
    assert (await client.get(replica.url)).json() == "None"
    assert replica.edges() == ()


async def test_what_is_written_to_the_pipe_is_no_edge(
    start: Callable[..., Awaitable[Replica]], client: httpx.AsyncClient
) -> None:
    """A submission that finds the pipe and writes to it harms nothing."""
    noise = """
        import os, stat
        from fastapi import FastAPI

        def create_app():
            app = FastAPI()

            @app.get("/")
            def root():
                for number in range(3, 64):
                    try:
                        if stat.S_ISFIFO(os.fstat(number).st_mode):
                            os.write(number, b'{"file": 7}\\n[]\\nnot JSON\\n')
                    except OSError:
                        continue

            return app
    """
    replica = await start(noise, traced=True)
    await replica.ready()
    assert (await client.get(replica.url)).status_code == 200
    assert {edge.target.file for edge in replica.edges()} == {"app/main.py"}
