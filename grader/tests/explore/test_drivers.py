"""The same race is found, and the same repair passes, whatever driver the service speaks through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.lab.handmade import RESTOCKS, explored, on_the_bench, restocks_add_up
from grader.verdict import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from grader.replica import Host
    from grader.services import Pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

USES = 8
"""More than psycopg's prepare_threshold of 5, after which a statement is prepared."""

ORM = """
import os

from fastapi import FastAPI
from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    stock: Mapped[int]


def create_app():
    app = FastAPI()
    url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_async_engine(url, **({"poolclass": NullPool} if COLD else {}))

    @app.post("/restock")
    async def restock(quantity: int):
        async with AsyncSession(engine) as session, session.begin():
            book = await session.scalar(select(Book).where(Book.id == 1)LOCK.with_for_update()KCOL)
            book.stock = book.stock + quantity

    return app
"""
CORE = """
import os

from fastapi import FastAPI
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine


def create_app():
    app = FastAPI()
    url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, **({"poolclass": NullPool} if COLD else {}))

    @app.post("/restock")
    async def restock(quantity: int):
        async with engine.begin() as connection:
            read = text("SELECT stock FROM books WHERE id = :idLOCK FOR UPDATEKCOL")
            stock = await connection.scalar(read, {"id": 1})
            await connection.execute(
                text("UPDATE books SET stock = :stock WHERE id = :id"), {"stock": stock + quantity, "id": 1}
            )

    return app
"""
PSYCOPG = """
import os

import psycopg
from fastapi import FastAPI


def create_app():
    app = FastAPI()
    kept = []

    @app.post("/restock")
    async def restock(quantity: int):
        connection = kept.pop() if kept else await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
        async with connection.transaction():
            cursor = await connection.execute("SELECT stock FROM books WHERE id = %sLOCK FOR UPDATEKCOL", [1])
            (stock,) = await cursor.fetchone()
            await connection.execute("UPDATE books SET stock = %s WHERE id = %s", [stock + quantity, 1])
        if COLD:
            await connection.close()
        else:
            kept.append(connection)

    return app
"""
ASYNCPG = """
import os

import asyncpg
from fastapi import FastAPI


def create_app():
    app = FastAPI()
    kept = []

    @app.post("/restock")
    async def restock(quantity: int):
        connection = kept.pop() if kept else await asyncpg.connect(os.environ["DATABASE_URL"])
        async with connection.transaction():
            stock = await connection.fetchval("SELECT stock FROM books WHERE id = $1LOCK FOR UPDATEKCOL", 1)
            await connection.execute("UPDATE books SET stock = $1 WHERE id = $2", stock + quantity, 1)
        if COLD:
            await connection.close()
        else:
            kept.append(connection)

    return app
"""
SERVICES = {
    "SQLAlchemy's ORM on psycopg": ORM,
    "SQLAlchemy's text on asyncpg": CORE,
    "psycopg": PSYCOPG,
    "asyncpg": ASYNCPG,
}


def written(service: str, *, cold: bool, locked: bool) -> str:
    """Return the service with or without its lock; a cold one opens a connection for each request."""
    before, _, rest = service.partition("LOCK")
    lock, _, after = rest.partition("KCOL")
    return f"COLD = {cold}\n{before}{lock if locked else ''}{after}"


@pytest.mark.parametrize("cold", [True, False], ids=["cold", "warm"])
@pytest.mark.parametrize("name", SERVICES)
async def test_drivers_come_to_the_same(name: str, cold: bool, tmp_path: Path, pair: Pair, host: Host) -> None:  # noqa: FBT001 -- a parameter of the test
    """A lost update has the same classes and token for each driver, FOR UPDATE the same classes and none wrong."""
    found = []
    for locked in (False, True):
        folder = tmp_path / str(locked)
        async with on_the_bench(written(SERVICES[name], cold=cold, locked=locked), folder, pair, host) as lab:
            if not cold:
                await lab.rows.insert({"books": [{"id": 1, "title": "Emma", "stock": 10, "version": 1}]})
                for replica in "AB":
                    for _ in range(USES):
                        (await lab.send(RESTOCKS[0], to=replica)).expect(200)
            verdict = await explored(lab, RESTOCKS, restocks_add_up)
        found.append((verdict.outcome, verdict.classes, verdict.anomaly, verdict.token))
    assert found == [(Outcome.FAILED, 6, "lost update", "the-check:A.BBB.AA"), (Outcome.PASSED, 6, "", "")]
