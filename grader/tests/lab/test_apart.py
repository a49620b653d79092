"""A replica apart: of a changed copy, traced, on the same database, and gone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.lab import Request, get
from grader.replica import BootError
from grader.tests.lab.handmade import GIVEN, OPENING, on_the_bench

if TYPE_CHECKING:
    from pathlib import Path

    from grader.replica import Host
    from grader.services import Pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = (
    OPENING
    + """
async def book(body: str = ""):
    from app.words import word
    async with transaction() as connection:
        return [word(), await stock_of(connection)]
"""
)


async def test_a_changed_copy_serves_beside_the_others(tmp_path: Path, pair: Pair, host: Host) -> None:
    """What is removed is gone there and what is written is there; the other replicas are as they were."""
    (tmp_path / "app/words").mkdir(parents=True)
    (tmp_path / "app/words/__init__.py").write_text("def word(): return 'first'\n")
    async with on_the_bench(SERVICE, tmp_path, pair, host) as lab:
        await lab.rows.insert(GIVEN)
        texts = {"app/words.py": "def word(): return 'second'\n"}
        async with lab.apart(removed=["app/words", "app/absent.py"], written=texts) as other:
            assert (await other.send(get("/book"))).json() == ["second", 10]
            assert (await lab.send(get("/book"))).json() == ["first", 10]
            changed = other.folder
            assert changed != lab.folder
        assert not changed.exists()
        assert (lab.folder / "app/words").is_dir()
        assert (await lab.send(get("/book"))).json() == ["first", 10]


async def test_a_copy_that_does_not_start_says_why(tmp_path: Path, pair: Pair, host: Host) -> None:
    """Where the change is too much for the service, its own error is raised, and the bench goes on."""
    async with on_the_bench(SERVICE, tmp_path, pair, host) as lab:
        async with lab.apart(written={"app/main.py": "import absent\n"}) as other:
            with pytest.raises(BootError, match="absent"):
                await other.start()
        await lab.rows.insert(GIVEN)
        async with lab.apart() as other:
            assert (await other.send(get("/nothing"))).status == 404


async def test_a_traced_replica_tells_of_edges(tmp_path: Path, pair: Pair, host: Host) -> None:
    """Only a traced one tells, and names the request."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/words.py").write_text("def word(): return 'first'\n")
    async with on_the_bench(SERVICE, tmp_path, pair, host) as lab:
        await lab.rows.insert(GIVEN)
        async with lab.apart(traced=True) as traced:
            await traced.send(get("/book"))
            seen = {(edge.request, edge.function) for edge in await traced.edges()}
        assert {("GET /book", "word"), ("GET /book", "book"), ("GET /book", ""), ("", "create_app")} <= seen
        async with lab.apart() as other:
            await other.send(get("/book"))
            assert await other.edges() == ()


async def test_a_body_is_sent_as_it_is(tmp_path: Path, pair: Pair, host: Host) -> None:
    """A text that is no JSON reaches the service under the name of JSON."""
    service = """
from fastapi import FastAPI, Request

def create_app():
    app = FastAPI()

    @app.post("/said")
    async def said(request: Request):
        return [(await request.body()).decode(), request.headers["content-type"]]

    return app
"""
    async with on_the_bench(service, tmp_path, pair, host) as lab:
        for text in ('{"quantity": ', "", "\x00"):
            answer = await lab.send(Request("POST", "/said", text=text))
            assert answer.json() == [text, "application/json"]
