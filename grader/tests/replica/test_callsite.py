"""The submission's file and line behind each statement, as a real server receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.services.conftest import lease, temporary_home

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from grader.replica import Replica

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork: tagging does not depend on how a replica is started."""
    return "fork"


MAIN = """
    import asyncio, os
    import asyncpg, psycopg
    from fastapi import FastAPI
    from psycopg import sql
    from sqlalchemy import create_engine, event, text
    from sqlalchemy.ext.asyncio import create_async_engine

    QUERY = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    URL = os.environ["DATABASE_URL"]

    def url(driver):
        return URL.replace("postgresql:", f"postgresql+{driver}:")

    async def with_engine(driver):
        engine = create_async_engine(url(driver))
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: None)
        async with engine.connect() as connection:
            return [(await connection.execute(text(QUERY))).scalar()]  # engine

    def in_thread():
        with create_engine(url("psycopg")).connect() as connection:
            return connection.execute(text(QUERY)).scalar()  # thread

    async def with_psycopg():
        async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as connection:
            seen = []
            for query in (QUERY, QUERY.encode(), sql.SQL(QUERY), sql.SQL("{}").format(sql.SQL(QUERY))):
                seen.append((await (await connection.execute(query)).fetchone())[0])  # queries
            cursor = connection.cursor()
            await asyncio.gather(cursor.execute(QUERY + " AND 7 = %s", [7]))  # gather
            return [*seen, (await cursor.fetchone())[0]]

    async def with_asyncpg():
        connection = await asyncpg.connect(URL)
        return [
            await connection.fetchval(QUERY),  # value
            (await asyncio.create_task(connection.fetchrow(QUERY)))[0],  # task
            await (await connection.prepare(QUERY)).fetchval(),  # prepared
        ]

    def create_app():
        app = FastAPI()

        @app.get("/{way}")
        async def seen(way: str):
            if way == "thread":
                return [await asyncio.to_thread(in_thread)]
            if way in ("psycopg", "asyncpg"):
                return await {"psycopg": with_psycopg, "asyncpg": with_asyncpg}[way]()
            return sum(await asyncio.gather(*[with_engine(way.removeprefix("sqlalchemy-"))] * 1), [])

        return app
"""


def marked(word: str) -> int:
    """Return the number of the line of MAIN that ends with `word` in a comment."""
    lines = MAIN.lstrip("\n").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.endswith(f"# {word}"))


async def test_every_statement_says_where_it_comes_from(start: Start, client: httpx.AsyncClient) -> None:
    """A statement ends with the submission's innermost line, once, whichever library and task or thread sends it."""
    async with temporary_home() as home, lease(home) as pair:
        database = await pair.database()
        address = f"{database.user}:{database.password}@{database.host}:{database.port}/{database.name}"
        replica = await start(MAIN, environment={"DATABASE_URL": f"postgresql://{address}"})
        await replica.ready()
        lines = {
            "sqlalchemy-psycopg": ["engine"],
            "sqlalchemy-asyncpg": ["engine"],
            "thread": ["thread"],
            "psycopg": [*["queries"] * 4, "gather"],
            "asyncpg": ["value", "task", "prepared"],
        }
        for way, expected in lines.items():
            answer = await client.get(f"{replica.url}/{way}")
            assert answer.status_code == 200, (way, replica.log())
            assert [text.partition("/*")[2] for text in answer.json()] == [
                f" katas:app/main.py:{marked(word)} */" for word in expected
            ]
        await replica.kill()
        await pair.drop(database)
